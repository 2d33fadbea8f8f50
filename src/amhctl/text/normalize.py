"""The first rules and the last: characters into their plain form, and what is left into marks and spaces.

Knows no number, abbreviation or Latin word: those are read in between. What nothing could read is dropped with a trace
entry, never by its name.
"""

import re
import unicodedata
from collections.abc import Mapping

from amhctl.text.draft import TIE, Draft
from amhctl.text.markup import FIRST_SHIELD, LAST_SHIELD
from amhctl.text.numbers import VULGAR
from amhctl.text.pattern import Pattern
from amhctl.text.rule import Rule, insert, replace, rewrite
from amhctl.text.script import DIGITS as ETHIOPIC_DIGITS
from amhctl.text.script import GEMINATION, LETTER_CLASS, LETTERS, MARKS, SYLLABLES
from amhctl.text.table import read_words

SYMBOLS: dict[str, str] = read_words("symbols")
"""Symbols that have a name a reader would say; an empty name is said by nobody."""

# Written marks to the five marks of spoken text.
_MARK_TABLE = {
    ".": "።", "…": "፣", ",": "፣", ";": "፤", ":": "፣", "?": "፧", "¿": "", "¡": "", "‽": "፧", "፥": "፣", "፦": "፣",
    "፨": "።", "፠": "።",
    "(": "፣", ")": "፣", "[": "፣", "]": "፣", "{": "፣", "}": "፣", "–": "፣", "—": "፣", "―": "፣", "/": " ", "|": " ",
    "\\": " ", "_": " ",
    "·": " ", "•": "፣", "،": "፣", "؛": "፤", "؟": "፧", "。": "።", "、": "፣", "~": " ",
}  # fmt: skip
_QUOTES = dict.fromkeys("«»‹›“”„‟\"‘’‚‛'`´ʼʹ′″", "")
_STRENGTH = "፣፤።!፧"


_INVISIBLE = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0x180E, 0x20E3)
_INVISIBLES = dict.fromkeys(map(chr, (*_INVISIBLE, *range(0xFE00, 0xFE10))), "")
_BLANK = Pattern(r"[^\S ]+|[\x00-\x1f\x7f-\x9f]+")
# Figures in threes, set apart by the narrow or fixed space of the SI Brochure: section 5.4.4.
_NARROW = r"(?<![\d,.])[1-9]\d{0,2}(?:[\u00a0\u2009\u202f]\d{3})+(?!\d|[\u00a0\u2009\u202f]\d)"
# 12 ፡00, 3 : 30, 4: 00: a clock time with spaces around its sign.
_LOOSE_CLOCK = r"(?<![\d.:/,])(\d\d?)(?: [፡:] ?|[፡:] (?=00|30))(?=[0-5]\d(?!\d|[.:፡]\d))"
_APOSTROPHES = r"(?<![\d'’,.])[1-9]\d{0,2}(?:['’]\d{3})+(?!\d)"
_VOWEL_LENGTHS = {"\u135d": GEMINATION, "\u135e": ""}
# Only a letter with a consonant can be doubled: the mark is dropped after a glottal one.
_DOUBLING = "".join(letter for letter in LETTERS if SYLLABLES[letter].series not in "አዐኧ")
_STRAY_GEMINATION = f"(?<![{_DOUBLING}]){GEMINATION}+|(?<={GEMINATION}){GEMINATION}+"
# Neither is the first letter of a word, once no mark strays before it: no Amharic word begins with a geminate.
_FIRST_GEMINATION = f"(?:(?<=^{LETTER_CLASS})|(?<=[^{LETTERS}{GEMINATION}]{LETTER_CLASS})){GEMINATION}"
_COMBINING_RUN = Pattern(r"[^\W_]?[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u3099\u309a]+")
_PLAIN = frozenset(LETTERS + MARKS + GEMINATION + " " + TIE)
_PLAIN_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
_DASHES = frozenset("-–—−")
# Between figures a dash may be a minus (10 - 3 = 7) or a span (300 - 400, 6:00 - 8:15, 1ኛ - 8ኛ).
_DASH = Pattern(
    r"(?<=\s)(?<!\d\s)(?<!\d[ኛ%]\s)[-–—−]+(?=\s|$)|(?<=\d\s)[-–—−]+(?=\s|$)(?!\s\d)"
    r"|(?<=\d[ኛ%]\s)[-–—−]+(?=\s|$)(?!\s\d{1,9}(?:\.\d{1,9})?[ኛ%])|^[-–—−]+(?=\s)"
)
_SPACED = Pattern(rf"[ {TIE}]{{2,}}")
_ONE_LATIN = Pattern(r"(?:^|[^A-Za-z])[A-Za-z]$")
# Angle brackets that stand for quotation marks: <<ሰላም>>, <ሰላም>.
_ANGLES = Pattern(rf"(?<!\w)<{{1,2}}({LETTER_CLASS}[^<>]{{0,200}})>{{1,2}}(?!\w)|<<|>>")
_SENTENCE_STOP = rf"(?<={LETTER_CLASS})\.(?={LETTER_CLASS}{{2}})"
_MARK_RUN = rf"[ {TIE}]?[{MARKS}][ {TIE}{MARKS}]*"
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_POWERS = {"²": " ካሬ", "³": " ኩብ"}
_MEASURED = ("ሜ", "ሜ.", "ሜትር")
"""Words after which a raised two or three is no footnote."""
_POWER = rf"(?<=[{LETTERS})])\^(?=[{LETTERS}])"


def cleaning_rules(nearest: Mapping[str, str], symbols: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules that compose, drop what is invisible, and write digits and letters in one way.

    Parameters
    ----------
    nearest : Mapping[str, str]
        Ethiopic syllables that Amharic does not use, and the nearest that it does.
    symbols : Mapping[str, str]
        Symbols that a later rule reads, which are left as they are.
    """

    def simplify(draft: Draft, name: str) -> None:
        strange = draft.letters - _PLAIN - _PLAIN_ASCII
        plain = {letter: _simplify(letter, nearest, symbols) for letter in strange}
        draft.replace(name, {letter: found for letter, found in plain.items() if found is not None})

    return (
        Rule(
            "compose",
            "Letters and combining marks in their composed form",
            "Unicode Standard Annex 15, NFC",
            ("Ne\u0301stor", "ኔስቶር"),
            (_compose,),
        ),
        Rule(
            "invisible",
            "Invisible characters are removed: joiners, direction marks, variation selectors",
            "Unicode, general category Cf; Unicode Standard Annex 9",
            ("ሰ\u200bላ\ufeffም", "ሰላም"),
            (replace(_INVISIBLES),),
            (frozenset(_INVISIBLES),),
        ),
        Rule(
            "blank",
            "Tabs, line ends, other white space and control characters become spaces",
            "Unicode, property White_Space and general category Cc",
            ("ሰላም\tዓለም", "ሰላም ዓለም"),
            (rewrite(_NARROW, lambda match: re.sub(r"\s", ",", match.group())), rewrite(_BLANK, lambda _: " ")),
        ),
        Rule(
            "superscript",
            "Superscript digits: square, cube, other powers of a number; a footnote mark after a word is not spoken",
            "SI Brochure, 9th edition, section 5.4; usage of books; ኃይል for a power is doubtful",
            ("10⁻³", "አሥር ኃይል ኔጌቲቭ ሦስት"),
            (rewrite(f"[{''.join(_SUPERSCRIPTS)}]+", _read_raised),),
            (frozenset(_SUPERSCRIPTS),),
        ),
        Rule(
            "character",
            "Digits of other scripts, compatibility forms and non-Amharic Ethiopic syllables become their plain form",
            "Unicode Standard Annex 15, NFKC; names of the Ethiopic blocks",
            ("ቐለ ٣", "ቀለ ሦስት"),
            (simplify,),
        ),
        Rule(
            "gemination-mark",
            "Length marks: the combined mark becomes a gemination mark, the vowel length mark is removed",
            "Unicode, U+135D-135F",
            ("ገና\u135d", "ገና\u135f"),
            (replace(_VOWEL_LENGTHS),),
            (frozenset(_VOWEL_LENGTHS),),
        ),
        *_mark_rules(),
    )


def _mark_rules() -> tuple[Rule, ...]:
    """Return the rules that write marks in one way."""
    digit = rf"[\d{ETHIOPIC_DIGITS}]"
    return (
        Rule(
            "legacy-mark",
            "Punctuation typed in parts: :: and ፡፡ for ።, :- for ፦, … for full stops, ፡ in a clock time",
            "Legacy keyboards; news corpus",
            ("ነው፡፡", "ነው።"),
            (
                insert("::|፡፡|፡:|:፡", "።"),
                insert("[:፡]-", "፦"),
                insert(r"\.{2,}", "…"),
                rewrite(_LOOSE_CLOCK, lambda match: f"{match[1]}:"),
                insert(f"(?<={digit})፡(?={digit})", ":"),
            ),
            (frozenset(":፡."),),
        ),
        Rule(
            "word-space",
            "The Ethiopic word space becomes a space",
            "Unicode, U+1361",
            ("ሰላም፡ዓለም", "ሰላም ዓለም"),
            (replace({"፡": " "}),),
            (frozenset("፡"),),
        ),
        Rule(
            "quote",
            "Quotation marks are not spoken",
            "Convention",
            ("«ሰላም»", "ሰላም"),
            (
                rewrite(_APOSTROPHES, lambda match: re.sub("['’]", ",", match.group())),
                insert(r"(?<=\d)['’′″\"](?=\d)", " "),
                rewrite(_ANGLES, lambda match: match[1] or ""),
                replace({letter: "" for letter in _QUOTES if letter not in "'’"}),
            ),
            (frozenset(_QUOTES) | {"<"},),
        ),
        Rule(
            "dash",
            "A dash between words is a pause",
            "Convention",
            ("አይደለም - አለ", "አይደለም፣ አለ"),
            (insert(_DASH, "፣"),),
            (_DASHES,),
        ),
    )


def finishing_rules(symbols: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules that read symbols, map marks, drop what nothing could read and put spaces where they belong."""
    names = {letter: f" {words.replace(' ', TIE)} " for letter, words in symbols.items() if letter != "^"}
    power = f" {symbols.get('^', '').replace(' ', TIE)} "
    return (
        Rule(
            "full-stop",
            "A full stop without a space after it",
            "News corpus: ነው.ሰላም",
            ("ነው.ሰላም", "ነው። ሰላም"),
            (insert(_SENTENCE_STOP, "። "),),
            (frozenset("."),),
        ),
        Rule(
            "symbol",
            "Symbols that have a name",
            "Usage; the table of symbols",
            ("ሀ & ለ", "ሀ እና ለ"),
            (insert(_POWER, power), replace(names)),
            (frozenset(names) | {"^"},),
        ),
        Rule(
            "hyphen",
            "A hyphen between words is not a minus; a remaining dash with a space on each side is a pause",
            "Convention",
            ("ሥነ-ሥርዓት", "ሥነ ሥርዓት"),
            (insert("(?<= )[-−]+(?= )", "፣"), insert("[-‐‑‒−]+", " ")),
            (frozenset("-‐‑‒−"),),
        ),
        Rule(
            "mark",
            "Punctuation of other scripts and older punctuation becomes one of ። ፧ ! ፤ ፣, a space, or nothing",
            "Unicode, Ethiopic punctuation; usage",
            ("ምን? እሺ.", "ምን፧ እሺ።"),
            (replace(_MARK_TABLE),),
            (frozenset(_MARK_TABLE),),
        ),
        *_tidying_rules(),
    )


def _tidying_rules() -> tuple[Rule, ...]:
    """Return the rules that drop what nothing could read and put spaces where they belong."""
    return (
        Rule(
            "dropped",
            "Characters that no rule reads, such as emoji and other scripts, are removed",
            "Never spoken by name",
            ("ሰላም😀", "ሰላም"),
            (_drop,),
        ),
        Rule(
            "stray-gemination",
            "A gemination mark without a consonant to double is removed",
            "Leslau 1995, ch. 1: glottal consonants are not doubled",
            ("\u135fገና\u135f\u135f", "ገና\u135f"),
            (rewrite(_STRAY_GEMINATION, lambda _: ""), rewrite(_FIRST_GEMINATION, lambda _: "")),
            (frozenset(GEMINATION),),
        ),
        Rule(
            "space",
            "One space between words",
            "Convention",
            ("ሰላም  ዓለም", "ሰላም ዓለም"),
            (rewrite(_SPACED, lambda match: " " if " " in match.group() else TIE),),
        ),
        Rule(
            "marks",
            "Of several punctuation marks the strongest is kept, without a space before it and with one after it",
            "Convention; strength ፧ ! ። ፤ ፣",
            ("ምን?!", "ምን፧"),
            (rewrite(_MARK_RUN, _strongest),),
            (frozenset(MARKS),),
        ),
        Rule(
            "edge",
            "No punctuation and no space at the beginning, no space at the end",
            "Convention",
            (" ሰላም ", "ሰላም"),
            (rewrite(f"^[ {TIE}{MARKS}]+|[ {TIE}]+$", lambda _: ""),),
        ),
    )


def folding_rule(homophones: Mapping[str, str]) -> Rule:
    """Return the rule that writes letters that sound alike in one way."""
    return Rule(
        "homophone",
        "ሀ ሐ ኀ, ሰ ሠ, አ ዐ, ጸ ፀ in one spelling, if text.fold_homophones is true",
        "Leslau 1995, ch. 1; the table homophones",
        ("ሠላም ፀሐይ", "ሰላም ጸሀይ"),
        (replace(homophones),),
        (frozenset(homophones),),
        {"fold_homophones": True},
    )


def _compose(draft: Draft, name: str) -> None:
    if not unicodedata.is_normalized("NFC", draft.text):
        draft.substitute(name, _COMBINING_RUN, lambda match: unicodedata.normalize("NFC", match.group()))


def _read_raised(match: re.Match[str]) -> str:
    """Return a power as it is written on the line (10⁻³ 10^-3), and nothing of a footnote's mark."""
    raised, before = match.group(), match.string[max(0, match.start() - 4) : match.start()]
    plain = "".join(_SUPERSCRIPTS[letter] for letter in raised)
    last = before[-1:].strip()
    if not last:
        return plain
    if raised in _POWERS and (last not in SYLLABLES or before.endswith(_MEASURED)):
        return _POWERS[raised]
    if last.isdigit() or last == ")" or _ONE_LATIN.search(before) or (last.isalpha() and "-" in plain):
        return f"^{plain}"
    return ""


def _simplify(letter: str, nearest: Mapping[str, str], symbols: Mapping[str, str]) -> str | None:
    """Return a plainer spelling of a character, or None if nothing plainer is known."""
    if letter in nearest:
        return nearest[letter]
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    if letter in symbols or letter in VULGAR or letter in _MARK_TABLE or letter in _QUOTES:
        return None
    if unicodedata.name(letter, "").startswith(("ROMAN NUMERAL ", "SMALL ROMAN NUMERAL ")):
        return str(int(unicodedata.numeric(letter)))
    plain = unicodedata.normalize("NFKC", letter)
    return None if plain == letter else plain.replace("\u2044", "/")


def _drop(draft: Draft, name: str) -> None:
    # What is shielded is the user's own markup: it comes back when the rules are done.
    strange = {letter for letter in draft.letters - _PLAIN if not FIRST_SHIELD <= letter <= LAST_SHIELD}
    draft.replace(name, {letter: _gap(letter) for letter in strange})


def _gap(letter: str) -> str:
    """Return what is left of a dropped character: nothing of a quote or combining mark, a space of anything else."""
    return "" if letter in _QUOTES or unicodedata.category(letter)[0] in "MC" else " "


def _strongest(match: re.Match[str]) -> str:
    marks = [letter for letter in match.group() if letter in MARKS]
    end = "" if match.end() == len(match.string) else " "
    return max(marks, key=_STRENGTH.index) + end
