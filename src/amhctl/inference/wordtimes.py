"""When each written word is said: the pieces of a segment, whose lengths the voice decided, mapped back to the words.

A written word keeps the span of its reading: ``2,500`` is said as four words, and lasts from the first to the last.
Words that are read together (``2:45 ሰዓት``) are one. Knows no sound.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amhctl.core.units import Seconds
from amhctl.text.g2p.phones import MARKS
from amhctl.text.markup import strip_markup
from amhctl.text.spoken import Word
from amhctl.tokenizer.alphabet import WORD_BOUNDARY

_MARKS = frozenset(MARKS)
_NOT_SPACE = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A written word and when it is said.

    Attributes
    ----------
    text : str
        The word as it is written, its punctuation included.
    start, end : Seconds
        When it is said, in the whole.
    place : int
        Where it begins in its text, in characters.
    """

    text: str
    start: Seconds
    end: Seconds
    place: int


@dataclass(frozen=True, slots=True)
class Written:
    """The written words of a segment, and which piece of it says which.

    Attributes
    ----------
    words : tuple[tuple[int, int], ...]
        Begin and end of each in the text.
    owners : tuple[int | None, ...] | None
        For each piece its word, None for silence between words; None as a whole where pieces and words do not match.
    """

    words: tuple[tuple[int, int], ...] = ()
    owners: tuple[int | None, ...] | None = None


def match_pieces(text: str, words: Sequence[Word], units: str, pieces: Sequence[str]) -> Written:
    """Return the written words that spoken words read, and the word of each piece.

    Parameters
    ----------
    text : str
        The written text.
    words : Sequence[Word]
        The spoken words of a segment, with their places in it.
    units : str
        The segment as the tokenizer saw it: one unit for each word and mark, spaces between them.
    pieces : Sequence[str]
        What the tokenizer cut it into.
    """
    spans, groups = _group(text, words)
    tokens = units.split()
    spoken = [place for place, token in enumerate(tokens) if token not in _MARKS]
    units_of = list(_units_of(pieces))
    if len(spoken) != len(groups) or not units_of or max(unit or 0 for unit in units_of) >= len(tokens):
        return Written(tuple(spans))
    group_of = dict(zip(spoken, groups, strict=True))
    return Written(tuple(spans), tuple(None if unit is None else group_of.get(unit) for unit in units_of))


def time_words(
    text: str, written: Written, edges: Sequence[float], *, start: float, cut: float, seconds: float
) -> tuple[TimedWord, ...]:
    """Return when the words of a segment are said.

    Parameters
    ----------
    text : str
        The written text.
    written : Written
        The words of the segment.
    edges : Sequence[float]
        Where each piece ends in the take, in seconds.
    start : float
        Where the take begins in the whole.
    cut : float
        Seconds of the take that were cut from its beginning.
    seconds : float
        How much of it was kept.
    """
    if written.owners is None or len(edges) != len(written.owners):
        return ()
    spans: dict[int, tuple[float, float]] = {}
    before = 0.0
    for owner, edge in zip(written.owners, edges, strict=True):
        if owner is not None:
            spans[owner] = (spans.get(owner, (before, 0.0))[0], edge)
        before = edge

    def place(time: float) -> Seconds:
        return Seconds(start + min(max(time - cut, 0.0), seconds))

    return tuple(
        TimedWord(strip_markup(text[begin:end]), place(spans[number][0]), place(spans[number][1]), begin)
        for number, (begin, end) in enumerate(written.words)
        if number in spans
    )


def _group(text: str, words: Sequence[Word]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the spans of the written words, and for each spoken word which of them it reads."""
    spans: list[tuple[int, int]] = []
    groups = []
    for word in words:
        begin, end = _widen(text, word)
        if spans and begin < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
        groups.append(len(spans) - 1)
    return spans, groups


def _widen(text: str, word: Word) -> tuple[int, int]:
    """Return the written words, between white space, that a spoken word reads a part of."""
    read = text[word.start : word.end]
    begin = word.start + len(read) - len(read.lstrip())
    end = max(begin + 1, word.end - (len(read) - len(read.rstrip())))
    # What a rule added stands after the word that it belongs to.
    while begin > 0 and (begin >= len(text) or text[begin].isspace()):
        begin -= 1
    while begin > 0 and not text[begin - 1].isspace():
        begin -= 1
    found = _NOT_SPACE.match(text, min(max(end - 1, begin), len(text)))
    return begin, max(found.end() if found else end, begin)


def _units_of(pieces: Sequence[str]) -> Iterator[int | None]:
    """Yield the unit that each piece belongs to; None for a boundary."""
    unit = 0 if pieces and not pieces[0].startswith(WORD_BOUNDARY) else -1
    for piece in pieces:
        unit += piece.count(WORD_BOUNDARY)
        yield unit if piece.strip(WORD_BOUNDARY) else None
