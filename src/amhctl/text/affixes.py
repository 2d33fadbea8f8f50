"""What comes before and after a number or an abbreviation in the same word: prefixes, suffixes, other words.

Knows how they are joined, and nothing of what they are joined to.
"""

import re

from amhctl.text.numbers import VULGAR, make_ordinal
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS, SYLLABLES, is_sixth_order, with_order

PREFIXES = frozenset(("እንደ", "ስለ", "ያለ", "የበ", "የከ", "በየ", "ከየ", "ለየ", "እየ", "እነ", "የእነ", "የ", "በ", "ለ", "ከ"))
"""What may come before a number in the same word (Leslau 1995, prepositions)."""

_LONGEST_PREFIX = 4
# A word written on to a number is set apart from it; a suffix is not (corpus: 1922ዓመት, but 3ቱ, 90ዎቹ).
_JOINED = Pattern("ኛ|ኞ|ተኛ|ተኞ|ረኛ|ደኛ|ነኛ|ያኛ|ዎች|ዎቹ|ን|ና|ም|ው|ዋ|ቱ|ታ|ት|ዱ|ዷ|ሩ|ሯ|ኙ|ኟ|ነት|ስ|ሽ|ከ|ያህል|ል|ቶ|ኑ|ቹ|ዮ|ዶች|ነ")
_APART = Pattern(
    "ሺ|ሚሊ|ቢሊ|ትሪሊ|ሚልዮ|ቢልዮ|ብር|ቀን|ዓመ|አመ|ሰዓ|ሰአ|ኪሎ|ሜትር|ሴንቲ|ሄክታር|ኩንታል|ሊትር|ግራም|ሰው|ሰዎ|ወር|ሳምን|ዶላር|በመቶ|ጊዜ|ከመቶ|ናቸ"
    "|ነው|ነበ|ንዑስ|ስኩ|ከ.{2}|ሳንቲ|ነጥብ|ወይ|ተማ|ታጣ|ሽል|ስን|ምዕ|ሁ"
)
# Suffixes that are no words, so that a space or hyphen before them parts nothing: 1 ኛው, 90 ዎቹ, 5-ኛ.
_DETACHED = f"(?=(?:ተኛ|ኛ|ዎቹ|ዎች){LETTER_CLASS}{{0,4}}(?!{LETTER_CLASS})|(?:ቱ|ቱን|ቱም|ቱንም|ዱ|ሩ|ኙ)(?!{LETTER_CLASS}))"


_WIRELESS = "ኢንተርኔት|ኔትወርክ|ኔት|ሲም|ስልክ|LTE|lte|[Nn]etwork|[Ii]nternet"
"""Behind 4g these say that it is no gram."""
_LENGTH_BEFORE = Pattern(r"\d ?[cdkm]?m$")
_POWER_AFTER = Pattern(r"[23](?!\d)")


def affix_rules() -> tuple[Rule, ...]:
    """Return the rules that join to a number what belongs to it and set apart what does not."""
    return (
        Rule(
            "prefix-apart",
            "A prefix that a space separates from a number or a Latin word is joined to it",
            "News corpus: ከ 1986 ዓ.ም, በ 3 ቀን, ለ 5 ዓመት",
            ("በ 45 ቀናት", "በአርባ አምስት ቀናት"),
            (rewrite(r"(?<![\w./])(?:(?<!\d )ለ|[በከየ]) (?=[\d$€£%A-Za-z])", lambda match: match.group()[0]),),
            (frozenset("በከለየ"),),
        ),
        Rule(
            "word-after",
            "A word directly after a number is separated from it; a suffix is joined to it",
            "News corpus: 1922ዓመት, በ4ኪሎ, but 3ቱ, 90ዎቹ",
            ("በ4ኪሎ", "በአራት ኪሎ"),
            (
                insert(rf"(?<=\d)[ -]{_DETACHED}", ""),
                rewrite(rf"(?<=[\d%{''.join(VULGAR)}])(?={LETTER_CLASS})", _set_apart),
                rewrite(r"(?<=\d)(?:st|nd|rd|th)(?![A-Za-z])", lambda _: "ኛ"),
                insert(rf"(?<=(?<!\d)[2-6])g(?= ?(?:{_WIRELESS}))", "G"),
                rewrite(r"(?<=\d) ?([AaPp])\.?[Mm]\.?(?![A-Za-z])", lambda match: f" {match[1].upper()}M"),
                rewrite(r"(?<=[A-Za-z])(?<!\d[xX])(?<![(][xX])(?=\d)", _part_letters),
            ),
            (DIGITS | frozenset(VULGAR),),
        ),
    )


def gap_before(text: str, place: int) -> str:
    """Return a space if a word that is no prefix ends here (ግንቦት20), and nothing else."""
    if place == 0 or text[place - 1] not in SYLLABLES:
        return ""
    begin = place
    while begin and place - begin <= _LONGEST_PREFIX and text[begin - 1] in SYLLABLES:
        begin -= 1
    return "" if text[begin:place] in PREFIXES else " "


def attach(words: str, suffix: str) -> str:
    """Put a suffix to a number.

    ኛ makes an ordinal; a suffix that repeats the last consonant replaces it (3ቱ ሦስቱ, 1ዱ አንዱ, 10ረኛ አሥረኛ).

    >>> attach("ሦስት", "ቱ")
    'ሦስቱ'
    """
    if not suffix:
        return words
    for head in ("ተኛ", "ኛ"):
        if suffix.startswith(head):
            return make_ordinal(words) + suffix[len(head) :]
    for head in ("ተኞ", "ኞ"):
        if suffix.startswith(head):
            return make_ordinal(words)[:-1] + suffix[len(head) - 1 :]  # 5ኞቹ አምስተኞቹ
    same = SYLLABLES[suffix[0]].series == SYLLABLES[words[-1]].series or (suffix[0] == "ነ" and words[-1] == "ኝ")
    if same and suffix[1:2] == "ኛ":
        return make_ordinal(words) + suffix[2:]  # 10ረኛ አሥረኛ, 20ያኛ ሃያኛ, 9ነኛ ዘጠነኛ
    if _repeats(words, suffix) and not is_sixth_order(suffix[0]):
        return words[:-1] + suffix
    return words + suffix


def inflect(words: str, suffix: str) -> str:
    """Put a suffix to a noun: one that repeats its last consonant replaces it, ው, ዋ and ዎች become vowels of it.

    >>> inflect("ሚኒስትር", "ሩ"), inflect("ሚኒስትር", "ው"), inflect("ዶክተር", "ዎች")
    ('ሚኒስትሩ', 'ሚኒስትሩ', 'ዶክተሮች')
    """
    if not suffix or not is_sixth_order(words[-1]):
        return words + suffix
    if _repeats(words, suffix):
        return words[:-1] + suffix
    if suffix[0] in "ውዉ":
        return words[:-1] + with_order(words[-1], 1) + suffix[1:]
    if suffix.startswith(("ዎች", "ዎቹ")):
        return words[:-1] + with_order(words[-1], 6) + suffix[1:]
    return words + suffix


def _repeats(words: str, suffix: str) -> bool:
    last = words[-1]
    first = SYLLABLES[suffix[0]]
    return is_sixth_order(last) and first.series == SYLLABLES[last].series and first.order != 0


def _part_letters(match: re.Match[str]) -> str | None:
    """Return the space between letters and figures (A4), except for the power of a length (5 m2)."""
    place = match.start()
    power = _POWER_AFTER.match(match.string, place) and _LENGTH_BEFORE.search(match.string[max(0, place - 5) : place])
    return None if power else " "


def _set_apart(match: re.Match[str]) -> str | None:
    text, place = match.string, match.end()
    return " " if _APART.match(text, place) or not _JOINED.match(text, place) else None
