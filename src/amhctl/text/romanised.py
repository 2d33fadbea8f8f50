"""Amharic written in Latin letters: names of people and places, and words of every day. Knows no English.

There is no one way to write Amharic in Latin letters (Tsehay Sehay, Dessalegn Desalegn Desaleng): words are compared in
a form that leaves such differences out. A word that nothing knows is written as Amharic writes it: e is ə, a is a.
"""

import re
from collections.abc import Mapping
from functools import cached_property

from amhctl.text.pattern import Pattern
from amhctl.text.script import with_order
from amhctl.text.table import read_words

ROMANISED: dict[str, str] = read_words("romanised")
"""Words of Amharic in small Latin letters, one usual spelling each, and how they are written in fidel."""

_ALIKE = (
    ("tch", "ch"), ("ch'", "ch"), ("tz", "ts"), ("ts", "s"), ("kh", "h"), ("gn", "n"), ("ng", "n"), ("ny", "n"),
    ("ph", "f"), ("q", "k"), ("c(?!h)", "k"), ("w[uoe]", "w"), ("y(?=[aeiou])", "i"), ("[ei]+", ""), ("oo|ou", "u"),
    ("aa+", "a"), (r"([a-z])\1", r"\1"),
)  # fmt: skip
_SHORTEST = 4
"""What is left of a word must be so long: too many words of another language are like shorter ones (Betty ቤቴ)."""
_CONSONANTS = {
    "sh": "ሽ", "ch": "ች", "th": "ት", "ph": "ፍ", "kh": "ክ", "gh": "ግ", "zh": "ዥ", "ny": "ኝ", "gn": "ኝ", "ts": "ጽ",
    "tz": "ጽ", "b": "ብ", "c": "ክ", "d": "ድ", "f": "ፍ", "g": "ግ", "h": "ህ", "j": "ጅ", "k": "ክ", "l": "ል", "m": "ም",
    "n": "ን", "p": "ፕ", "q": "ቅ", "r": "ር", "s": "ስ", "t": "ት", "v": "ቭ", "w": "ው", "x": "ክስ", "y": "ይ", "z": "ዝ",
}  # fmt: skip
_VOWELS = {"ee": 2, "oo": 1, "ou": 1, "aa": 3, "ie": 4, "a": 3, "e": 0, "i": 2, "o": 6, "u": 1}
_UNIT = Pattern("|".join(sorted((*_CONSONANTS, *_VOWELS), key=len, reverse=True)))
# What English spelling has and Amharic in Latin letters has not.
_FOREIGN = Pattern(
    "ck|gh|ea|ee|oo|ow|th|wh|ph|qu|tion|sion|x|v|ts$|ss$|c(?!h)|pp|ff|ll|[aeiou][b-df-hj-np-tv-z]e$|p(?=[lrst])"
    "|(?:ing|ed|er|ers|ly|ism|ist|ance|ence|ity|ary|ory|ate|ize|ise|ant|age|ure|ment|ness|al|ic|ive|ous|or|le|ey|st|nd|nt|ct|rd|ld|rt|lt|ft|rk|rm|sk)s?$|^(?:st|sp|sc|sk|pr|pl|bl|cl|gl|fl|sl)"
)


class Romanised:
    """Finds Amharic words in Latin letters.

    Parameters
    ----------
    words : Mapping[str, str]
        `ROMANISED`, unless a voice learnt another.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    @cached_property
    def _alike(self) -> dict[str, str]:
        # Made when a word in Latin letters is looked for loosely: most texts have none.
        alike: dict[str, str] = {}
        for word, fidel in self._words.items():
            alike.setdefault(fold_spelling(word), fidel)
        return alike

    def find(self, word: str, *, loosely: bool) -> str | None:
        """Return the fidel of a word in small letters, or None; ``loosely`` looks for other spellings of it too."""
        known = self._words.get(word)
        if known is None and loosely and len(folded := fold_spelling(word)) >= _SHORTEST:
            return self._alike.get(folded)
        return known


def fold_spelling(word: str) -> str:
    """Return a word in small letters without the differences between ways to write Amharic in Latin letters.

    The vowels ə and ɨ, written e and i, are left out, but for what begins or ends the word.

    >>> fold_spelling("dessalegn") == fold_spelling("desaleng"), fold_spelling("tsehay") == fold_spelling("sehai")
    (True, True)
    """
    end = "V" if word[-1] in "aeiouy" else "C"
    start = word[0] if word[0] in "aeiou" else ""
    word = re.sub("[iy]$", "", word)
    for pattern, plain in _ALIKE:
        word = re.sub(pattern, plain, word)
    return f"{start}{word}{end}"


def looks_romanised(word: str) -> bool:
    """Return whether a word in small letters has nothing that only English spelling has."""
    return _FOREIGN.search(word) is None


def write_romanised(word: str) -> str:
    """Return a word in small Latin letters in fidel, as Amharic is romanised: e is ə at the end too, a is a.

    >>> write_romanised("alem")
    'አለም'
    """
    word = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", word)
    word = re.sub(r"(?<=[b-df-hj-np-tv-z])y(?![aeiou])", "i", word)
    word = re.sub(r"i(?=[ao])", "iy", re.sub("ai", "ay", word))
    fidel = ""
    open_consonant = False
    for match in _UNIT.finditer(word):
        unit = match.group()
        if unit in _CONSONANTS:
            fidel += _CONSONANTS[unit]
            open_consonant = True
        elif open_consonant:
            last = match.end() == len(word) and unit == "e"
            fidel = fidel[:-1] + with_order(fidel[-1], 4 if last else _VOWELS[unit])
            open_consonant = False
        else:
            order = _VOWELS[unit]
            fidel += with_order("አ", {3: 0, 0: 4}.get(order, order))
    return fidel
