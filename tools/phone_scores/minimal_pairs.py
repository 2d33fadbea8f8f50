"""Pairs of words that differ in one contrast of sound, for listening tests and for scoring. Knows no rule.

The table ``minimal_pairs.tsv`` beside it has eight columns: the contrast; word, phones and gloss of each of the two;
and the source. Words have U+135F behind their doubled letters, so that they spell their phones.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amhctl.text.g2p.phones import VOWELS, split_phones
from phone_scores.error_rate import even_out

_EJECTIVE = frozenset(("tʼ", "kʼ", "sʼ", "t͡ʃʼ", "pʼ", "kʼʷ"))
_VOICED = {"t": "d", "k": "ɡ", "s": "z", "t͡ʃ": "d͡ʒ", "ʃ": "ʒ", "p": "b", "f": "v", "kʷ": "ɡʷ"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word of a pair."""

    word: str
    phones: tuple[str, ...]
    gloss: str


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two words and what tells them apart: gemination, ejective, labialised, voicing, vowel or consonant."""

    contrast: str
    first: Spoken
    second: Spoken
    source: str


@cache
def read_minimal_pairs() -> tuple[MinimalPair, ...]:
    """Return the pairs of the table."""
    text = Path(__file__).with_name("minimal_pairs.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(MinimalPair(row[0], _spoken(row[1:4]), _spoken(row[4:7]), row[7]) for row in rows)


def _spoken(columns: list[str]) -> Spoken:
    word, phones, gloss = columns
    return Spoken(word, split_phones(phones), gloss)


def find_contrast(first: tuple[str, ...], second: tuple[str, ...]) -> str | None:
    """Return the one contrast between two words, or None if they are the same or differ in more than one.

    >>> find_contrast(("ɡ", "ə", "n", "a"), ("ɡ", "ə", "n", "n", "a"))
    'gemination'
    """
    if first == second:
        return None
    if even_out(first, gemination=False) == even_out(second, gemination=False):
        return "gemination"
    if len(first) != len(second):
        return None
    places = [place for place, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    # A doubled consonant differs at both of its places.
    if len({(first[place], second[place]) for place in places}) > 1 or places[-1] - places[0] != len(places) - 1:
        return None
    return _name(first[places[0]], second[places[0]])


def _name(one: str, other: str) -> str | None:
    if (one in VOWELS) != (other in VOWELS):
        return None
    if one in VOWELS:
        return "vowel"
    for plain, marked in ((one, other), (other, one)):
        if marked in _EJECTIVE and marked.replace("ʼ", "") == plain:
            return "ejective"
        if marked == plain + "ʷ":
            return "labialised"
        if _VOICED.get(plain) == marked:
            return "voicing"
    return "consonant"
