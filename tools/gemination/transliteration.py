"""What a scholarly transliteration says of a word: its doubled letters and its vowels ɨ. Knows no list and no tagger.

The transliteration is that of geezorg/data, after Leslau: ä u i a e ə o, č š ž ñ ǧ, a dot below for ejectives, q for ቀ;
names of places are written with e for ə, é for e and j for ǧ. It is read letter by letter beside the fidel, so that
what does not fit the fidel is refused, not guessed.
"""

import re
import unicodedata
from functools import cache

from amhctl.text.script import SYLLABLES, build_homophones

_HOMOPHONES = build_homophones()
_CONSONANTS = {
    "ሀ": "h", "ለ": "l", "መ": "m", "ረ": "r", "ሰ": "s", "ሸ": "š", "ቀ": "q", "ቈ": "q", "በ": "b", "ቨ": "v", "ተ": "t",
    "ቸ": "č", "ኈ": "h", "ነ": "n", "ኘ": "ñ", "ከ": "k", "ኰ": "k", "ኸ": "h", "ወ": "w", "ዘ": "z", "ዠ": "ž", "የ": "y",
    "ደ": "d", "ጀ": "[ğǧj]", "ገ": "g", "ጐ": "g", "ጠ": "ṭ", "ጨ": "č̣", "ጰ": "p̣", "ጸ": "ṣ", "ፈ": "f", "ፐ": "p",
}  # fmt: skip
_VOWELS = ("ä", "u", "i", "a", "[eé]", "[əeé]?", "o")
_SILENT = frozenset("አዐኧ")
_LABIALS = frozenset("ቈኰጐኈ")


def read_doubled(word: str, transliteration: str) -> tuple[bool, ...] | None:
    """Return which letters of a word its transliteration doubles, or None if the two do not fit.

    >>> read_doubled("ሰበረ", "säbbärä")
    (False, True, False)
    """
    return _read("d", word, transliteration)


def read_vowels(word: str, transliteration: str) -> tuple[bool, ...] | None:
    """Return which sixth-order letters of a word are said with ɨ, or None if the transliteration does not fit.

    >>> read_vowels("ትምህርት", "təmhərt")
    (True, False, True, False, False)
    """
    return _read("v", word, transliteration)


def _read(group: str, word: str, transliteration: str) -> tuple[bool, ...] | None:
    match = _compile("".join(_HOMOPHONES.get(letter, letter) for letter in word)).fullmatch(_compose(transliteration))
    return None if match is None else tuple(bool(match[f"{group}{place}"]) for place in range(len(word)))


def _compose(transliteration: str) -> str:
    composed = unicodedata.normalize("NFC", transliteration.lower())
    return composed.replace("è", "e").replace("ch", "č")


@cache
def _compile(word: str) -> re.Pattern[str]:
    return re.compile("".join(_describe(place, letter) for place, letter in enumerate(word)))


def _describe(place: int, letter: str) -> str:
    """Return the pattern of one letter; its second consonant and a sixth order's vowel are groups of their own."""
    syllable = SYLLABLES[letter]
    series, order = syllable.series, syllable.order
    vowel = "a" if syllable.labialised else _VOWELS[order]
    if series in _SILENT:
        vowel = {0: "[aä]", 5: "[əe]?"}.get(order, vowel)
        return f"(?P<d{place}>$^)?['‘]?" + _hold(place, order, vowel)
    if series == "ሀ" and order == 0:
        vowel = "[aä]"
    glide = "(?:u?w|ʷ|u)?" if syllable.labialised or series in _LABIALS else ""
    if series in _LABIALS:
        vowel = {0: "[äo]", 5: "[əeu]?"}.get(order, vowel)
    consonant = _CONSONANTS[series]
    return f"{consonant}(?P<d{place}>{consonant})?{glide}" + _hold(place, order, vowel)


def _hold(place: int, order: int, vowel: str) -> str:
    return f"(?P<v{place}>{vowel})" if order == 5 else f"(?P<v{place}>$^)?{vowel}"
