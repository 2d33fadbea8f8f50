"""Abbreviations written with stops or slashes, read in full, with the prefixes and suffixes that stick to them.

A key is written with stops; stops and slashes are the same in text (ዓ.ም ዓ/ም), and so are homophones (ጽ/ቤት ፅ/ቤት). A
key that ends with a stop is the first part of a compound and needs a rest of two fidel (ገ. + መድኅን: ገብረ መድኅን).
Collected from common use and, cleaned of its slips, from the list of EdenMelaku/Amharic-TTS-with-Tacotron2
(Apache-2.0); only what is sure is here.
"""

import re
from collections.abc import Mapping
from functools import cached_property

from amhctl.text.affixes import inflect
from amhctl.text.draft import TIE
from amhctl.text.pattern import Pattern
from amhctl.text.rule import Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS, LETTERS, MARKS, SYLLABLES, is_sixth_order, with_order
from amhctl.text.table import read_words

ABBREVIATIONS: dict[str, str] = read_words("abbreviations")
"""Every abbreviation and what it is read as."""

_HOMOPHONES = ("ሰሠ", "ስሥ", "ሣሳ", "ጸፀ", "ጽፅ", "ጻፃ", "አኣ", "ዐዓ", "እዕ", "ሀሐኀሃሓኃ", "ህሕኅ", "ሁሑኁ", "ሂሒኂ", "ኮኰ", "ጎጐ")
# What may come before an abbreviation in the same word.
_PREFIX = "(?:እንደ|ስለ|እስከ|ወደ|ያለ|የእነ|[የበለከ]?እነ|[የበለከ]ነ|[በለከስ]የ|[የበለከ])"
_DOT = r"[./]"
# A key that ends with one letter takes short suffixes only, so that ጠ/ሚኒስትሩ is not ጠ/ሚ with a long one.
_SUFFIX = f"(?:(?<=[./ ]{LETTER_CLASS}){LETTER_CLASS}{{0,2}}|(?<={LETTER_CLASS}{{2}}){LETTER_CLASS}{{0,6}})"
_MIN_REST = 2
_START = f"(?<!{LETTER_CLASS})(?<!{LETTER_CLASS}[./])(?P<prefix>{_PREFIX}?)"
_BETWEEN = rf"[^\w{MARKS}]{{0,3}}"
_WITHIN = rf"[^\w\s{MARKS}]{{0,2}}"
_LABELS = frozenset("ሀለሐመሠረሰሸቀበ")
_MEASURED = Pattern("(?:ሜትር|ግራም|ሊትር|ዋት|ባይት|ብር|ዶላር|ቶን)$")
_PER = Pattern(f"(?:ሰዓት|ሰአት|ሰከንድ|ደቂቃ|ቀን|ሳምንት|ወር|ዓመት|አመት|ሰው|ሄክታር|ኪሎ|ሊትር)(?!{LETTER_CLASS})")
_NEEDS = (frozenset("./"), frozenset(LETTERS))


class Abbreviations:
    """Reads a table of abbreviations in one pass, the longest key first."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table

    # What follows is made when a text has something to look for: most texts have no abbreviation.

    @cached_property
    def _words(self) -> dict[str, str]:
        return {_canonical(key): words for key, words in self._table.items()}

    @cached_property
    def _inflected(self) -> dict[str, str]:
        # ፍ/ቤት ፍ/ቤቱ ፍ/ቤቶች: a key whose last letter is its words' last letter takes endings in that letter's vowel.
        return {
            _canonical(key): words
            for key, words in self._table.items()
            if key[-1] == words[-1] and is_sixth_order(key[-1])
        }

    @cached_property
    def _whole_keys(self) -> list[str]:
        return sorted((key for key in self._table if not key.endswith(".")), key=len, reverse=True)

    @cached_property
    def _whole(self) -> Pattern:
        body = _branch([_pattern(key, inflected=_canonical(key) in self._inflected) for key in self._whole_keys])
        # After a whole key: its suffix, then perhaps one stop that belongs to the abbreviation; after a slash a whole
        # word may follow (ጠ/ሚ/መለስ).
        return Pattern(
            rf"{_START}(?P<key>{body})(?P<suffix>{_SUFFIX})"
            rf"(?!{LETTER_CLASS}|[./]{LETTER_CLASS}{{1,{_MIN_REST}}}(?![{LETTERS}\d]))(?P<stop>[./]?)"
        )

    @cached_property
    def _heads(self) -> Pattern:
        heads = sorted((key[:-1] for key in self._table if key.endswith(".")), key=len, reverse=True)
        head = "|".join(_pattern(key) for key in heads) or "(?!)"
        return Pattern(
            rf"{_START}(?P<key>{head})(?:/(?={LETTER_CLASS}{{{_MIN_REST},}})"
            rf"|(?P<stop>\.)(?={LETTER_CLASS}{{{_MIN_REST + 1},}})"
            rf"|(?<={LETTER_CLASS}{{2}})\. (?={LETTER_CLASS}{{{_MIN_REST},}}))"
        )

    @cached_property
    def _bare(self) -> Pattern:
        bare = [key for key in self._whole_keys if re.fullmatch(f"እ[.]{LETTER_CLASS}[.]አ|ዶ[.]ር", key)]
        # እኤአ and እ ኤ አ: the words of an era, and ዶር, without their stops.
        # What is between the letters may be dropped later; then they must not be read again.
        names = "|".join(key.replace(".", _BETWEEN if key[0] == "እ" else _WITHIN) for key in bare) or "(?!)"
        return Pattern(f"(?<!{LETTER_CLASS})(?<!ኦፕን )(?P<prefix>{_PREFIX}?)(?P<key>{names})(?!{LETTER_CLASS})")

    def _say_era(self, _match: re.Match[str]) -> str | None:
        era = self._words.get(_canonical("ዓ.ም"), "").replace(" ", TIE)
        return f" {era}" if era else None

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of abbreviations and of dotted letters that no table knows."""
        return (
            Rule(
                "abbreviation",
                "Abbreviations with full stops or slashes are written in full, with their prefixes and suffixes",
                "Public list of 692 abbreviations, cleaned; news corpus",
                ("የጠ/ሚ/ሩ ጽ/ቤት", "የጠቅላይ ሚኒስትሩ ጽሕፈት ቤት"),
                (
                    insert(rf"(?<=ብር|ላር)/ ?(?=[ኪሴሚካኩ][./]{LETTER_CLASS})", " በ"),
                    lambda draft, name: draft.substitute(name, self._whole, self._read_whole),
                    lambda draft, name: draft.substitute(name, self._heads, self._read_head),
                ),
                _NEEDS,
            ),
            Rule(
                "era",
                "ዓም after a number, and the names of other eras (እኤአ), without full stops",
                "Usage of social media: 2010 ዓም, እአአ 2014",
                ("በ2010 ዓም", "በሁለት ሺህ አሥር ዓመተ ምሕረት"),
                (
                    rewrite(rf"(?<=\d) ?[ዓአ] ?ም(?!{LETTER_CLASS}|[./])", self._say_era),
                    lambda draft, name: draft.substitute(name, self._bare, self._read_bare),
                ),
                (frozenset("ዓእአዶ"), frozenset("ምአር")),
            ),
            Rule(
                "dotted-letters",
                "Other letters with full stops: a word (ኢ.ፌ.ድ.ሪ ኢፌድሪ), or names of Latin letters, one by one (ቢ.ቢ.ሲ)",
                "News corpus: ኤ.ኤፍ.ፒ, ሕ.ወ.ሓ.ት, I.P.I",
                ("የኢ.ፌ.ድ.ሪ", "የኢፌድሪ"),
                (
                    rewrite(_ACRONYM, _read_dotted),
                    rewrite(_LATIN_LETTERS, lambda match: match.group().replace(".", "").upper()),
                    rewrite(_LATIN_HEADS, lambda match: match.group().replace(".", "") + " "),
                    rewrite(_TITLES, lambda match: match[1]),
                ),
                (frozenset("."),),
            ),
        )

    def _read_whole(self, match: re.Match[str]) -> str | None:
        key = _canonical(match["key"])
        words = self._words.get(key) or self._inflect(key)
        prefix = match["prefix"]
        if words[0] == "የ" and prefix[-1:] in ("የ", "በ", "ለ", "ከ"):
            words = words[1:]  # የ + የተባበሩት is said once: የተ.መ.ድ የተባበሩት, በተ.መ.ድ በተባበሩት
        after = match.string[match.end() : match.end() + 1]
        stop = " " if match["stop"] == "/" or (match["stop"] and after in SYLLABLES) else ""
        if stop and _MEASURED.search(words) and (_PER.match(match.string, match.end())):
            stop = " በ"  # ኪ.ግ/ሄክታር: so much for each
        return prefix + inflect(words.replace(" ", TIE), match["suffix"]) + stop

    def _inflect(self, key: str) -> str:
        return self._inflected[key[:-1] + with_order(key[-1], 5)][:-1] + key[-1]

    def _read_bare(self, match: re.Match[str]) -> str:
        words = self._words[_canonical(".".join(re.sub(r"\W", "", match["key"])))]
        return match["prefix"] + words.replace(" ", TIE)

    def _read_head(self, match: re.Match[str]) -> str | None:
        # Letters in the order of the script number the lines of a list: ለ.ዓላማ.
        if match["stop"] and match["key"] in _LABELS:
            return None
        return match["prefix"] + self._words[_canonical(match["key"]) + "."] + TIE


def _canonical(key: str) -> str:
    key = re.sub(r"\s*[./]\s*", ".", key)
    for alike in _HOMOPHONES:
        for letter in alike[1:]:
            key = key.replace(letter, alike[0])
    return key


def _branch(patterns: list[str]) -> str:
    """Return a pattern of any of some patterns, in their order, those that begin alike under one head."""
    heads: dict[str, list[str]] = {}
    for pattern in patterns:
        head = re.match(r"\[[^]]+\]|.", pattern)
        heads.setdefault(head.group() if head else "", []).append(pattern[head.end() if head else 0 :])
    return "|".join(f"{head}(?:{'|'.join(rests)})" for head, rests in heads.items()) or "(?!)"


def _pattern(key: str, *, inflected: bool = False) -> str:
    classes = {letter: f"[{alike}]" for alike in _HOMOPHONES for letter in alike}
    letters = [_DOT + " ?" if letter == "." else classes.get(letter, letter) for letter in key]
    if inflected:
        # The eighth is Cwa: ሚ/ሯ.
        forms = [*(with_order(key[-1], order) for order in range(7)), chr(ord(with_order(key[-1], 0)) + 7)]
        letters[-1] = "[" + "".join(form for form in forms if form in SYLLABLES) + "]"
    return "".join(letters)


_ACRONYM = Pattern(
    f"(?<!{LETTER_CLASS})(?<!{LETTER_CLASS}[./])(?P<prefix>{_PREFIX}?)"
    f"(?P<letters>{LETTER_CLASS}{{1,3}}(?:[.]{LETTER_CLASS}{{1,3}})+)"
    f"(?:[.](?!{LETTER_CLASS}))?"
)
# One-letter names of Latin letters: ቢ.ቢ.ሲ and ዜ.ቲ.ኤ are spelled, ኢ.ሰ.መ.ኮ is a word.
_LATIN_NAMES = frozenset("ኤቢሲዲኢጂጄኬኦፒፔቲዩቪ")


# U.S.A., a.m., Ph.D., but no address (a.b.com) and no P.O.Box, which is letters before a word.
_LATIN_LETTERS = r"(?<![\w.@/-])(?:Ph\.|[A-Za-z]\.){1,9}(?:[A-Za-z]|Sc|Ed|Tech)(?!\w|[@/-]|\.\w)\.?"
_LATIN_HEADS = r"(?<![\w.@/-])(?:[A-Z]\.){2,9}(?=[A-Z][a-z])"
_TITLES = r"(?<![\w.])(Mr|Mrs|Ms|Dr|Prof|St|vs|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?= ?[A-Za-z0-9])"


def _read_dotted(match: re.Match[str]) -> str | None:
    parts = match["letters"].split(".")
    if len(parts) == 2 and max(map(len, parts)) > 2:
        return None  # ነው.ሰላም is a full stop without its space
    single = all(len(part) == 1 for part in parts)
    bare = any(is_sixth_order(part) for part in parts)  # ኤ.ኤ.ፍ.ፒ is said as a word
    spelled = not bare and 3 * sum(part in _LATIN_NAMES for part in parts) >= 2 * len(parts)
    return match["prefix"] + ("" if single and not spelled else TIE).join(parts)
