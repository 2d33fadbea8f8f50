"""Latin letters in Amharic: known words by a table, acronyms letter by letter, others by a rough transliteration.

A word in capitals or without a vowel is spelled out (BBC ቢ ቢ ሲ, pdf ፒ ዲ ኤፍ), anything else is written as it is spelled
(center ሴንቴር): that is doubtful for English, whose spelling is not its sound; a user lexicon is the cure.
"""

import re
import unicodedata
from collections.abc import Mapping

from amhctl.text.draft import TIE
from amhctl.text.rule import Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS, SYLLABLES, with_order
from amhctl.text.table import read_words

LETTER_NAMES: dict[str, str] = read_words("letters")
"""The names of the letters A-Z, as Ethiopian English has them."""

LATIN_WORDS: dict[str, str] = read_words("latin_words")
"""Words in small letters whose Amharic spelling is settled."""

_CONSONANTS = {
    "sh": "ሽ", "ch": "ች", "th": "ት", "ph": "ፍ", "ck": "ክ", "kh": "ክ", "gh": "ግ", "zh": "ዥ", "ny": "ኝ", "qu": "ኩ",
    "b": "ብ", "c": "ክ",
    "d": "ድ", "f": "ፍ", "g": "ግ", "h": "ህ", "j": "ጅ", "k": "ክ", "l": "ል", "m": "ም", "n": "ን", "p": "ፕ", "q": "ቅ",
    "r": "ር", "s": "ስ",
    "t": "ት", "v": "ቭ", "w": "ው", "x": "ክስ", "y": "ይ", "z": "ዝ",
}  # fmt: skip
_VOWELS = {"ee": 2, "oo": 1, "ea": 2, "ou": 1, "ai": 4, "ay": 4, "a": 3, "e": 4, "i": 2, "o": 6, "u": 1}
_UNIT = re.compile("|".join(sorted((*_CONSONANTS, *_VOWELS), key=len, reverse=True)))

# Capitals that are said as a word: five letters or more with a vowel at least every third (COVID, UNICEF, but PMTCT
# is spelled).
_SAYABLE = re.compile("(?=.{5})[B-DF-HJ-NP-TV-Z]{0,2}(?:[AEIOUY]{1,2}[B-DF-HJ-NP-TV-Z]{0,2})+")

_VOWEL = re.compile("[aeiouyAEIOUY]")
_PREFIX_LETTERS = frozenset("የበለከ")
_WEB_LETTER = "[A-Za-z0-9._+-]"
_TOP = (
    "com|org|net|et|edu|gov|mil|int|info|biz|io|tv|me|co|app|dev|tech|news|online|africa|ai|fm|uk|us|ca|de|eu|fr|ke|za"
)
_WEB = (
    rf"(?<!{_WEB_LETTER})(?:https?://)?[A-Za-z0-9]{_WEB_LETTER}*"
    rf"(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\.(?:{_TOP})(?![A-Za-z0-9_-]))(?::\d+)?(?:/[\w./?=&%#~+-]*)?"
    rf"|(?<!{_WEB_LETTER})https?://[\w./?=&%#~:+-]+"
)
_LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ACCENTED = frozenset("ªº") | frozenset(map(chr, (*range(0xC0, 0x2B0), *range(0x1E00, 0x1F00))))
_SCHEME = re.compile("^https?://")

LATIN_WORD = re.compile(r"[A-Za-zªºÀ-ÖØ-öø-ʯḀ-ỿ]+(?:['’][A-Za-zÀ-ÖØ-öø-ʯ]+)*")
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


def read_latin(word: str, names: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Return a Latin word in fidel, or nothing if no letter of it can be read."""
    plain = strip_accents(word)
    if len(plain) > 1 and (known := words.get(plain.lower())) is not None:
        return known.replace(" ", TIE)
    capitals = plain.isupper() and not _SAYABLE.fullmatch(plain)
    if len(plain) == 1 or capitals or not _VOWEL.search(plain):
        return TIE.join(names[letter] for letter in plain.upper())
    return transliterate(plain.lower())


def transliterate(word: str) -> str:
    """Return a lower-case word in fidel, letter by letter.

    >>> transliterate("forum")
    'ፎሩም'
    """
    word = re.sub(r"c(?=[eiy])", "s", word)
    if len(word) > 3 and word.endswith("e") and word[-2] not in "aeiou":
        word = word[:-1]  # the silent e of English and French: office ኦፊስ
    word = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", word)
    word = re.sub(r"(?<=[b-df-hj-np-tv-z])y(?![aeiou])", "i", word)
    fidel = ""
    open_consonant = False
    for match in _UNIT.finditer(word):
        unit = match.group()
        if unit in _CONSONANTS:
            fidel += _CONSONANTS[unit]
            open_consonant = unit != "qu"
        elif open_consonant:
            fidel = fidel[:-1] + with_order(fidel[-1], _VOWELS[unit])
            open_consonant = False
        else:
            fidel += with_order("አ", 0 if _VOWELS[unit] == 3 else _VOWELS[unit])
    return fidel


def latin_rules(names: Mapping[str, str], words: Mapping[str, str], context: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules of addresses and of Latin words.

    Parameters
    ----------
    names, words, context : Mapping[str, str]
        `LETTER_NAMES`, `LATIN_WORDS` and ``calendar.CONTEXT``, unless a voice learnt others.
    """
    signs = dict.fromkeys("?=&%+:#~", " ")
    signs |= {".": context["dot"], "@": context["at"], "/": context["slash"], "-": context["hyphen"]}
    signs["_"] = context["underscore"]

    def read_address(match: re.Match[str]) -> str:
        address = _SCHEME.sub("", match.group().lower())
        stop = "." if address.endswith(".") else ""
        address = address.rstrip("./")
        return "".join(f" {signs[letter]} " if letter in signs else letter for letter in address).strip() + stop

    def read_word(match: re.Match[str]) -> str:
        spoken = read_latin(match.group(), names, words)
        place = match.start()
        previous, earlier = match.string[place - 1 : place], match.string[max(place - 2, 0) : max(place - 1, 0)]
        prefix = previous in _PREFIX_LETTERS and earlier not in SYLLABLES
        return f" {spoken}" if previous in SYLLABLES and not prefix else spoken

    return (
        Rule(
            "address",
            "The signs of e-mail and web addresses; the words between them are read as Latin words",
            "RFC 3986 and RFC 5321 for what an address is; usage for the words",
            ("info@bank.com", "ኢንፎ አት ባንክ ነጥብ ኮም"),
            (rewrite(_WEB, read_address),),
            (_LATIN, frozenset(".@/")),
        ),
        Rule(
            "hashtag",
            "The sign before a word that others search by, said as the Latin word hashtag",
            "Usage of social media",
            ("#ኢትዮጵያ", "ሃሽታግ ኢትዮጵያ"),
            (insert(rf"(?<![A-Za-z\d&#_])#(?={LETTER_CLASS}|[A-Za-z])", "hashtag "),),
            (frozenset("#"),),
        ),
        Rule(
            "latin",
            "Latin words: a prefix stays attached (የBBC የቢ ቢ ሲ), another word or number is set apart",
            "Usage for names of letters and settled words; transliteration by spelling, doubtful for English",
            ("የBBC ዘገባ", "የቢ ቢ ሲ ዘገባ"),
            (rewrite(LATIN_WORD, read_word),),
            (_LATIN | _ACCENTED,),
        ),
    )
