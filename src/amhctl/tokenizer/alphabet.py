"""The closed alphabets a vocabulary guarantees: what may stand in a string of units. Knows no model file.

Fidel: every assigned character of the main Ethiopic block (U+1200-137C: syllables, combining marks, punctuation,
digits) and the exclamation mark. Phones: the inventory of ``text.g2p.phones`` and the marks that survive G2P. Words
are separated by one space.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from amhctl.text.g2p.phones import MARKS, PHONES

Units = Literal["fidel", "phones"]

WORD_BOUNDARY = "▁"
"""SentencePiece's visible space."""
SILENT_PIECES = frozenset((WORD_BOUNDARY, *MARKS))
"""Pieces that are no sound of their own."""

_MAIN_BLOCK = range(0x1200, 0x137D)
# Supplement, Extended, Extended-A and Extended-B: syllables of other languages. They turn up in names and are learnt
# where a corpus has them, but not guaranteed: some hundred rows that Amharic never trains.
_OTHER_BLOCKS = (range(0x1380, 0x1390), range(0x2D80, 0x2DE0), range(0xAB00, 0xAB30), range(0x1E7E0, 0x1E800))


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What strings of one unit are made of.

    Attributes
    ----------
    units : Units
        ``fidel`` or ``phones``.
    characters : tuple[str, ...]
        Single characters that are guaranteed a piece and may be merged into longer ones.
    symbols : tuple[str, ...]
        Phones of several characters, and punctuation: always a piece of their own, never merged or split.
    """

    units: Units
    characters: tuple[str, ...]
    symbols: tuple[str, ...]

    @property
    def guaranteed(self) -> tuple[str, ...]:
        """Every string that is guaranteed to be one piece."""
        return self.symbols + self.characters

    def strangers(self, text: str) -> tuple[str, ...]:
        """Return the characters of a string of units that do not belong there, each once, in order."""
        left = _known_pattern(self.units).sub("", text)
        return tuple(dict.fromkeys(left))


@cache
def alphabet_of(units: Units) -> Alphabet:
    """Return the alphabet of a unit."""
    if units == "phones":
        return Alphabet(
            units,
            characters=tuple(phone for phone in PHONES if len(phone) == 1),
            # The longest first: SentencePiece matches greedily all the same, but ids then read well.
            symbols=tuple(sorted((p for p in PHONES if len(p) > 1), key=lambda p: (-len(p), p))) + MARKS,
        )
    assigned = [chr(code) for code in _MAIN_BLOCK if unicodedata.category(chr(code)) != "Cn"]
    marks = tuple(char for char in assigned if unicodedata.category(char) in ("Po", "So"))
    return Alphabet(units, characters=tuple(char for char in assigned if char not in marks), symbols=(*marks, "!"))


def is_syllable(char: str) -> bool:
    """Return whether a character is an Ethiopic syllable of any block."""
    code = ord(char)
    return any(code in block for block in (_MAIN_BLOCK, *_OTHER_BLOCKS)) and unicodedata.category(char) == "Lo"


@cache
def _known_pattern(units: Units) -> re.Pattern[str]:
    known = sorted(alphabet_of(units).guaranteed, key=len, reverse=True)
    choices = [re.escape(symbol) for symbol in known] + [" "]
    if units == "fidel":
        letters = (chr(code) for block in _OTHER_BLOCKS for code in block)
        choices.append("[" + "".join(letter for letter in letters if unicodedata.category(letter) == "Lo") + "]")
    return re.compile("|".join(choices))
