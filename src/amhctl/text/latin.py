"""Latin letters in Amharic: acronyms by the names of their letters, other words by a rough transliteration.

A word in capitals is spelled (BBC ቢ ቢ ሲ), anything else is written as it is spelled (forum ፎሩም): that is doubtful
for English, whose spelling is not its sound; a user lexicon is the cure.
"""

import re
import unicodedata

from amhctl.text.draft import TIE
from amhctl.text.script import with_order

LETTER_NAMES: dict[str, str] = {
    "A": "ኤ", "B": "ቢ", "C": "ሲ", "D": "ዲ", "E": "ኢ", "F": "ኤፍ", "G": "ጂ", "H": "ኤች", "I": "አይ", "J": "ጄ",
    "K": "ኬ", "L": "ኤል",
    "M": "ኤም", "N": "ኤን", "O": "ኦ", "P": "ፒ", "Q": "ኪው", "R": "አር", "S": "ኤስ", "T": "ቲ", "U": "ዩ", "V": "ቪ",
    "W": "ደብሊው",
    "X": "ኤክስ", "Y": "ዋይ", "Z": "ዜድ",
}  # fmt: skip

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


def read_latin(word: str, names: dict[str, str]) -> str:
    """Return a Latin word in fidel, or nothing if no letter of it can be read."""
    plain = strip_accents(word)
    if len(plain) == 1 or (plain.isupper() and not _SAYABLE.fullmatch(plain)):
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
