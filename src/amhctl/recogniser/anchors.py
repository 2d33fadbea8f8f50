"""Places where a long text and what was recognised in a long recording agree beyond chance. Knows no probabilities.

Runs of six phones that both have are found by their numbers; of those, the longest chain is taken that goes forwards in
both (a longest increasing subsequence, Fredman 1975). What stands alone in the chain is chance, and is dropped. Time
and memory grow with the length alone, and text or speech that the other lacks does no harm: both are only gaps.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.recogniser.labels import LABELS

RUN = 6
"""Phones of a run. At 40 phones, two runs agree by chance about once in ten million."""
_MOST_PAIRS = 36
"""A run that text and speech have more often than this, both counts multiplied, tells nothing about a place."""
_NEAR, _DRIFT, _SLACK = 60, 0.25, 3
"""Two places belong together if they are at most so many phones apart, and the distances differ by at most so much."""
_FEWEST = 14
"""Phones that places which belong together span at least."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A phone of the text, by its number, and the recognised phone that is the same."""

    wanted: int
    found: int


def find_anchors(wanted: Sequence[int], found: Sequence[int]) -> tuple[Anchor, ...]:
    """Return where runs of a text and of what was recognised agree, in order, each by its first phone.

    Parameters
    ----------
    wanted, found : Sequence[int]
        Labels without borders.
    """
    chain = _longest_chain(_pairs(wanted, found))
    groups: list[list[Anchor]] = []
    for anchor in chain:
        if groups and _belong_together(groups[-1][-1], anchor):
            groups[-1].append(anchor)
        else:
            groups.append([anchor])
    kept = (group for group in groups if group[-1].wanted - group[0].wanted + RUN >= _FEWEST)
    return tuple(anchor for group in kept for anchor in group)


def _belong_together(first: Anchor, second: Anchor) -> bool:
    in_text, in_speech = second.wanted - first.wanted, second.found - first.found
    return in_text <= _NEAR and abs(in_text - in_speech) <= _DRIFT * in_text + _SLACK


def _pairs(wanted: Sequence[int], found: Sequence[int]) -> list[Anchor]:
    """Return every pair of equal runs, in the order of what was found, later places of the text first."""
    places: dict[int, list[int]] = {}
    for place, number in enumerate(_numbers(wanted).tolist()):
        places.setdefault(number, []).append(place)
    numbers = _numbers(found).tolist()
    counts: dict[int, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    pairs = []
    for place, number in enumerate(numbers):
        same = places.get(number, [])
        if len(same) * counts[number] <= _MOST_PAIRS:
            pairs += [Anchor(other, place) for other in reversed(same)]
    return pairs


def _numbers(labels: Sequence[int]) -> NDArray[np.int64]:
    """Return the number of each run: its labels as the digits of a number."""
    if len(labels) < RUN:
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(labels, dtype=np.int64), RUN)
    powers = len(LABELS) ** np.arange(RUN, dtype=np.int64)
    return np.asarray(windows @ powers, dtype=np.int64)


def _longest_chain(pairs: Sequence[Anchor]) -> list[Anchor]:
    """Return the longest chain of pairs whose places grow in both."""
    # Of chains of each length, the smallest end, and which pair that is; each pair knows the one before it.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, pair in enumerate(pairs):
        length = bisect_left(ends, pair.wanted)
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(pair.wanted)
            last.append(number)
        else:
            ends[length], last[length] = pair.wanted, number
    chain = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
