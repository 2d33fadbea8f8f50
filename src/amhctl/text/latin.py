"""Latin letters in Amharic: known words by tables, acronyms letter by letter, others by their spelling.

A word in capitals or without a vowel is spelled out (BBC ቢ ቢ ሲ, pdf ፒ ዲ ኤፍ); a word of two known ones or with capitals
inside is read part by part (EthioTelecom); what is left is read as Amharic in Latin letters or as English, by its look.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import cast

from amhctl.text.draft import TIE
from amhctl.text.english import write_english
from amhctl.text.pattern import Pattern
from amhctl.text.romanised import Romanised, looks_romanised, write_romanised
from amhctl.text.rule import Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS, SYLLABLES, is_sixth_order, with_order
from amhctl.text.table import read_words

LETTER_NAMES: dict[str, str] = read_words("letters")
"""The names of the letters A-Z, as Ethiopian English has them."""

LATIN_WORDS: dict[str, str] = read_words("latin_words")
"""Words in small letters whose Amharic spelling is settled."""

# Capitals that are said as a word: five letters or more with a vowel at least every third (COVID, UNICEF, but PMTCT
# is spelled).
_SAYABLE = Pattern("(?=.{5})[B-DF-HJ-NP-TV-Z]{0,2}(?:[AEIOUY]{1,2}[B-DF-HJ-NP-TV-Z]{0,2})+")

_VOWEL = Pattern("[aeiouyAEIOUY]")
_CONSONANT = Pattern("[^aeiouAEIOU]")
# ChatGPT, YouTube, eBay: words that a capital begins, and runs of capitals.
_CAMEL = Pattern("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SHORTEST_PART = 3
_SHORT_PARTS = ("tv", "fm")
"""Shorter than other parts of a word of two: fanatv."""
_LONGEST_INITIALS = 4
"""Capitals up to this many are initials and no Amharic word."""
_ENDINGS: dict[str, tuple[int | None, str]] = {
    "ing": (2, "ንግ"), "ers": (0, "ርስ"), "er": (0, "ር"), "ed": (None, "ድ"), "ly": (None, "ሊ"), "s": (None, "ስ"),
}  # fmt: skip
"""English endings of a known word: the order that its last letter takes, if any, and what is added."""
_PREFIX_LETTERS = frozenset("የበለከ")
_WEB_LETTER = "[A-Za-z0-9._+-]"
_TOP = (
    "com|org|net|et|edu|gov|mil|int|info|biz|io|tv|me|co|app|dev|tech|news|online|africa|ai|fm|uk|us|ca|de|eu|fr|ke|za"
)
_FILES = "pdf|docx?|xlsx?|pptx?|txt|csv|jpe?g|png|gif|mp[34]|wav|zip|rar|apk|exe|html?|json|py"
_WEB = (
    rf"(?<!{_WEB_LETTER})(?:https?://)?[A-Za-z0-9]{_WEB_LETTER}*"
    rf"(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\.(?i:{_TOP})(?![A-Za-z0-9_-]))(?::\d+)?(?:/[\w./?=&%#~+@-]*)?"
    rf"|(?<!{_WEB_LETTER})https?://[\w./?=&%#~:+-]+"
    rf"|(?<![\w@.])@[A-Za-z][A-Za-z0-9_.]*[A-Za-z0-9]"
    rf"|(?<![\w.])[A-Za-z0-9][\w-]*(?:\.[A-Za-z][\w-]*)?\.(?:{_FILES})(?![\w.])"
)
_LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ACCENTED = frozenset("ªº") | frozenset(map(chr, (*range(0xC0, 0x2B0), *range(0x1E00, 0x1F00))))
_SCHEME = Pattern("^https?://")

_COMPOUND = r"(?<![A-Za-z-])[A-Za-z]{1,5}-[A-Za-z]{1,9}(?![A-Za-z-])"
"""Perhaps one word with a hyphen in it: Wi-Fi, e-mail."""

LATIN_WORD = Pattern(r"[A-Za-zªºÀ-ÖØ-öø-ʯḀ-ỿ]+(?:['’][A-Za-zÀ-ÖØ-öø-ʯ]+)*")
"""A word of Latin letters, accents and apostrophes included."""


def strip_accents(word: str) -> str:
    """Return a Latin word in the letters A-Z; letters that have no such base are left out."""
    special = {
        "ß": "ss",
        "æ": "e",
        "Æ": "E",
        "ø": "o",
        "Ø": "O",
        "œ": "e",
        "Œ": "E",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "ə": "e",
    }
    spelled = "".join(special.get(letter, letter) for letter in word)
    return "".join(letter for letter in unicodedata.normalize("NFKD", spelled) if letter.isascii() and letter.isalpha())


class Latin:
    """Reads Latin words with the tables of one frontend.

    Parameters
    ----------
    names, words, romanised : Mapping[str, str]
        `LETTER_NAMES`, `LATIN_WORDS` and ``romanised.ROMANISED``, unless a voice learnt others.
    """

    def __init__(self, names: Mapping[str, str], words: Mapping[str, str], romanised: Mapping[str, str]) -> None:
        self._names = names
        self._words = words
        self._romanised = Romanised(romanised)

    def read(self, word: str) -> str:
        """Return a Latin word in fidel, or nothing if no letter of it can be read."""
        plain = strip_accents(word)
        small = plain.lower()
        known = self._find(plain) or self._bend(small) or (self._resemble(plain) if plain[:1].isupper() else None)
        if known is not None:
            return known.replace(" ", TIE)
        capitals = plain.isupper() and not _SAYABLE.fullmatch(plain)
        if len(plain) == 1 or capitals or not _VOWEL.search(plain) or not _CONSONANT.search(plain):
            return TIE.join(self._names[letter] for letter in plain.upper())
        parts = _CAMEL.findall(plain)
        if len(parts) > 1 and not plain.isupper():
            return TIE.join(filter(None, map(self.read, parts)))
        return self._divide(small) or self._write(small)

    def _find(self, word: str) -> str | None:
        """Return a word that a table has: as it is written (WHO), in small letters, or as Amharic in Latin letters."""
        if len(word) < 2:
            return None
        exact = self._words.get(word)
        if exact is None:
            exact = self._words.get(word.lower())
        if exact is None and not (word.isupper() and len(word) <= _LONGEST_INITIALS):
            exact = self._romanised.find(word.lower(), loosely=False)
        return exact

    def _resemble(self, word: str) -> str | None:
        """Return a word that a table of Amharic in Latin letters has in another spelling."""
        initials = word.isupper() and len(word) <= _LONGEST_INITIALS
        return None if initials or len(word) <= _SHORTEST_PART else self._romanised.find(word.lower(), loosely=True)

    def _divide(self, word: str) -> str | None:
        """Return the reading of two known words written as one: ethiotelecom."""
        shortest = 2 if word.endswith(_SHORT_PARTS) else _SHORTEST_PART
        for place in range(len(word) - shortest, _SHORTEST_PART - 1, -1):
            parts = [self._find(part) for part in (word[:place], word[place:])]
            if None not in parts:
                return TIE.join(cast("list[str]", parts)).replace(" ", TIE)
        return None

    def _bend(self, word: str) -> str | None:
        """Return the reading of a known word with an English ending: videos, reporting, worked, reporter."""
        for ending, cuts in _ENDINGS.items():
            if not word.endswith(ending) or len(word) - len(ending) < 3:
                continue
            stem = word[: -len(ending)]
            for known in (self._words.get(stem), self._words.get(stem + "e") if ending != "s" else None):
                if known is None:
                    continue
                known = known.replace(" ", TIE)
                order, rest = cuts
                if order is not None and is_sixth_order(known[-1]):
                    known = known[:-1] + with_order(known[-1], order)
                return known + rest
        return None

    @staticmethod
    def _write(word: str) -> str:
        return write_romanised(word) if looks_romanised(word) else write_english(word)


def latin_rules(
    names: Mapping[str, str], words: Mapping[str, str], romanised: Mapping[str, str], context: Mapping[str, str]
) -> tuple[Rule, ...]:
    """Return the rules of addresses and of Latin words.

    Parameters
    ----------
    names, words, romanised, context : Mapping[str, str]
        `LETTER_NAMES`, `LATIN_WORDS`, ``romanised.ROMANISED`` and ``calendar.CONTEXT``, unless a voice learnt others.
    """
    latin = Latin(names, words, romanised)
    signs = dict.fromkeys("?=&%+:#~", " ")
    signs |= {".": context["dot"], "@": context["at"], "/": context["slash"], "-": context["hyphen"]}
    signs["_"] = context["underscore"]

    def read_address(match: re.Match[str]) -> str:
        address = _SCHEME.sub("", match.group().lower())
        stop = "." if address.endswith(".") else ""
        address = address.rstrip("./")
        return "".join(f" {signs[letter]} " if letter in signs else letter for letter in address).strip() + stop

    def join(match: re.Match[str]) -> str | None:
        joined = match.group().replace("-", "")
        return joined if joined.lower() in words else None

    def read_word(match: re.Match[str]) -> str:
        spoken = latin.read(match.group())
        place = match.start()
        previous, earlier = match.string[place - 1 : place], match.string[max(place - 2, 0) : max(place - 1, 0)]
        prefix = previous in _PREFIX_LETTERS and earlier not in SYLLABLES
        return f" {spoken}" if previous in SYLLABLES and not prefix else spoken

    return (
        Rule(
            "address",
            "Signs in e-mail and web addresses; the words between them are read as Latin words",
            "RFC 3986 and RFC 5321 for what an address is; usage for the words",
            ("info@bank.com", "ኢንፎ አት ባንክ ነጥብ ኮም"),
            (rewrite(_WEB, read_address),),
            (_LATIN, frozenset(".@/")),
        ),
        Rule(
            "hashtag",
            "The sign # before a word is spoken as the Latin word hashtag",
            "Usage of social media",
            ("#ኢትዮጵያ", "ሃሽታግ ኢትዮጵያ"),
            (insert(rf"(?<![A-Za-z\d&#_])#(?={LETTER_CLASS}|[A-Za-z])", "hashtag "),),
            (frozenset("#"),),
        ),
        Rule(
            "latin",
            "Latin words: a prefix stays joined (የBBC የቢ ቢ ሲ), any other word or number is separated",
            "Usage for names of letters and common words; transliteration by spelling, doubtful for English",
            ("የBBC ዘገባ", "የቢ ቢ ሲ ዘገባ"),
            (rewrite(_COMPOUND, join), rewrite(LATIN_WORD, read_word)),
            (_LATIN | _ACCENTED,),
        ),
    )
