"""The ordered rules that turn written text into spoken text, number rules excepted. Knows no phones.

Order: characters, abbreviations, numbers, Latin, symbols, marks, spaces, folding. What a rule cannot read is
dropped with a trace entry.
"""

import re
import unicodedata
from collections.abc import Mapping

from amhctl.text.draft import TIE, Draft
from amhctl.text.latin import LATIN_WORD, read_latin
from amhctl.text.markup import FIRST_SHIELD, LAST_SHIELD
from amhctl.text.script import GEMINATION, LETTER_CLASS, LETTERS, MARKS, SYLLABLES

SYMBOLS: dict[str, str] = {
    "&": "እና", "@": "አት", "#": "ቁጥር", "=": "እኩል ይሆናል", "°": "ዲግሪ", "%": "በመቶ", "‰": "በሺህ", "$": "ዶላር", "€": "ዩሮ",
    "£": "ፓውንድ", "¥": "የን",
    "×": "በ", "÷": "ሲካፈል", "±": "ሲደመር ወይም ሲቀነስ", "√": "ካሬ ሥር", "≈": "በግምት", "<": "ያንሳል", ">": "ይበልጣል", "§": "አንቀጽ",
    "©": "", "®": "", "™": "",
}  # fmt: skip
"""Symbols that have a name a reader would say. Brackets of angle quotes are handled before."""

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

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u180e\ufe00-\ufe0f]")
_BLANK = re.compile(r"[^\S ]+|[\x00-\x1f\x7f-\x9f]+")
_NOT_PLAIN = re.compile(f"[^{LETTERS}{MARKS} {GEMINATION}]")
_LEGACY = (
    (re.compile("::|፡፡|፡:|:፡"), "።"),
    (re.compile("[:፡]-"), "፦"),
    (re.compile(r"\.{2,}"), "…"),
    (re.compile(r"(?<=\d)፡(?=\d)"), ":"),
)
_WORD_SPACE = re.compile("፡")
_VOWEL_LENGTH = re.compile("[\u135d\u135e]")
# Only a letter with a consonant can be doubled: the mark is dropped after a glottal one.
_DOUBLING = "".join(letter for letter in LETTERS if SYLLABLES[letter].series not in "አዐኧ")
_STRAY_GEMINATION = re.compile(f"(?<![{_DOUBLING}]){GEMINATION}+|(?<={GEMINATION}){GEMINATION}+")
_DASH = re.compile(r"(?<=\s)[-–—−]+(?=\s|$)|^[-–—−]+(?=\s)")
_HYPHEN = re.compile(r"[-‐‑‒−]+")
_MARK_RUN = re.compile(f"[ {TIE}]*[{MARKS}][ {TIE}{MARKS}]*")
_FIRST_MARK = re.compile(f"^[ {TIE}{MARKS}]+")
_SPACES = re.compile(f"[ {TIE}]{{2,}}")
_LAST_SPACE = re.compile(f"[ {TIE}]+$")
_SENTENCE_STOP = re.compile(rf"(?<={LETTER_CLASS})\.(?={LETTER_CLASS}{{2,}})")


def clean_characters(draft: Draft, nearest: Mapping[str, str]) -> None:
    """Compose, drop what is invisible, write all digits as ASCII and all Ethiopic letters as Amharic ones."""
    if _NOT_PLAIN.search(draft.text) is None:
        return
    _compose(draft)
    draft.substitute("invisible", _INVISIBLE, lambda _: "")
    draft.substitute("blank", _BLANK, lambda _: " ")
    if not draft.text.isascii():
        table = {letter: found for letter in set(draft.text) if (found := _simplify(letter, nearest)) is not None}
        draft.replace("character", table)
    draft.substitute("gemination-mark", _VOWEL_LENGTH, lambda match: GEMINATION if match.group() == "\u135d" else "")
    for pattern, mark in _LEGACY:
        draft.substitute("legacy-mark", pattern, lambda _, mark=mark: mark)  # type: ignore[misc]
    draft.substitute("word-space", _WORD_SPACE, lambda _: " ")
    draft.replace("quote", {letter: "" for letter in _QUOTES if letter in draft.text and letter not in "'’"})
    draft.substitute("dash", _DASH, lambda _: "፣")


_COMBINING_RUN = re.compile(r"[^\W_]?[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u3099\u309a]+")


def _compose(draft: Draft) -> None:
    if not unicodedata.is_normalized("NFC", draft.text):
        draft.substitute("compose", _COMBINING_RUN, lambda match: unicodedata.normalize("NFC", match.group()))


def _simplify(letter: str, nearest: Mapping[str, str]) -> str | None:
    """Return a plainer spelling of a character, or None if it is plain or nothing plainer is known."""
    if letter in LETTERS or letter in MARKS or letter.isascii():
        return None
    if letter in nearest:
        return nearest[letter]
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", letter)
    if letter in "²³":
        return {"²": " ካሬ", "³": " ኩብ"}[letter]
    if plain == letter or letter in _MARK_TABLE or letter in _QUOTES or letter in SYMBOLS or letter in "½¼¾⅓⅔":
        return None
    return plain.replace("\u2044", "/")


_PREFIX_LETTERS = frozenset("የበለከ")


def read_latin_words(draft: Draft, names: dict[str, str]) -> None:
    """Read every Latin word in fidel; a prefix stays attached (የBBC የቢ ቢ ሲ), another word or number is set apart."""

    def make(match: re.Match[str]) -> str:
        spoken = read_latin(match.group(), names)
        previous, earlier = (
            match.string[max(place, 0) : place + 1] for place in (match.start() - 1, match.start() - 2)
        )
        touching = previous in SYLLABLES
        prefix = previous in _PREFIX_LETTERS and earlier not in SYLLABLES
        return f" {spoken}" if touching and not prefix else spoken

    draft.substitute("latin", LATIN_WORD, make)


_WEB = re.compile(
    r"(?:https?://)?(?:www\.)?[A-Za-z0-9][\w.+-]*"
    r"(?:@[\w-]+(?:\.[\w-]+)+|\.(?:com|org|net|et|edu|gov|info|io|tv)\b(?:\.\w{2}\b)?)(?:/[\w./?=&%-]*)?"
)


def read_addresses(draft: Draft) -> None:
    """Read the stops and signs of e-mail and web addresses: a.b@c.et a ነጥብ b አት c ነጥብ et."""
    if "." in draft.text:
        names = {
            ".": " ነጥብ ",
            "@": " አት ",
            "/": " ስላሽ ",
            "-": " ሰረዝ ",
            "_": " ",
            ":": " ",
            "?": " ",
            "=": " ",
            "&": " ",
            "%": " ",
            "+": " ",
        }
        strip = re.compile("^https?://")
        draft.substitute(
            "address",
            _WEB,
            lambda match: "".join(names.get(letter, letter) for letter in strip.sub("", match.group())),
        )


def finish_marks(draft: Draft, symbols: Mapping[str, str]) -> None:
    """Read symbols, map marks, drop what nothing could read, and put spaces where they belong."""
    if _NOT_PLAIN.search(draft.text.replace(TIE, " ")) is not None:
        draft.substitute("full-stop", _SENTENCE_STOP, lambda _: "። ")
        draft.replace(
            "symbol",
            {letter: f" {words.replace(' ', TIE)} " for letter, words in symbols.items() if letter in draft.text},
        )
        draft.substitute("hyphen", _HYPHEN, lambda _: " ")
        draft.replace("mark", {letter: mark for letter, mark in _MARK_TABLE.items() if letter in draft.text})
        keep = set(LETTERS + MARKS + GEMINATION + " " + TIE)
        # What is shielded is the user's own markup: it comes back when the rules are done.
        strange = {letter for letter in set(draft.text) - keep if not FIRST_SHIELD <= letter <= LAST_SHIELD}
        draft.replace("dropped", {letter: _gap(letter) for letter in strange})
    draft.substitute("gemination-mark", _STRAY_GEMINATION, lambda _: "")
    draft.substitute("marks", _MARK_RUN, _strongest)
    draft.substitute("leading-mark", _FIRST_MARK, lambda _: "")
    draft.substitute("space", _SPACES, lambda match: " " if " " in match.group() else TIE)
    draft.substitute("space", _LAST_SPACE, lambda _: "")


def _gap(letter: str) -> str:
    """Return what is left of a dropped character: nothing of a quote or combining mark, a space of anything else."""
    return "" if letter in _QUOTES or unicodedata.category(letter)[0] in "MC" else " "


def _strongest(match: re.Match[str]) -> str:
    marks = [letter for letter in match.group() if letter in MARKS]
    end = "" if match.end() == len(match.string) else " "
    return max(marks, key=_STRENGTH.index) + end
