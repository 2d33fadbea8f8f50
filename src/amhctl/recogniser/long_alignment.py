"""Where the utterances of a long text lie in a long recording, in time and memory that grow with the length alone.

What the network recognises by itself is compared with the text (``anchors``): between two utterances that both have
places in common with it, text and recording are cut. Each block so made is aligned for itself (``segmentation``).

Shapes: ``E frames, V labels``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from amhctl.recogniser.anchors import RUN, find_anchors
from amhctl.recogniser.labels import BLANK
from amhctl.recogniser.segmentation import Placement, place_utterances, without_border_label

_BLOCK_FRAMES = 1_500
"""A block ends at the first place that is fit for it after half a minute."""
_MOST_CELLS = 64_000_000
"""Bytes that the alignment of one block may take: eight minutes of speech, or half an hour without text."""
_SLOWEST_FRAMES, _MARGIN_FRAMES = 15, 250
"""Frames that a phone takes at most on average, and how far from where it is looked for an utterance may begin."""

_JOINED_FRAMES = 50
"""Phones that are at most a second apart are one stretch of speech."""


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A phone that the network recognised by itself, its first frame and the one after its last."""

    label: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LongAlignment:
    """A text in a recording.

    Attributes
    ----------
    placements : tuple[Placement | None, ...]
        Of each utterance; None for one that is not there.
    phones : tuple[FoundPhone, ...]
        What was recognised without the text.
    """

    placements: tuple[Placement | None, ...]
    phones: tuple[FoundPhone, ...]


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What is known of an utterance that has places in common with the recording.

    Attributes
    ----------
    first, last : int
        First frame of the first such place, last frame of the last.
    before, after : int
        Phones of the utterance before and after these.
    """

    first: int
    last: int
    before: int
    after: int

    @property
    def earliest(self) -> int:
        """The frame before which it cannot begin."""
        return max(0, self.first - self.before * _SLOWEST_FRAMES - _MARGIN_FRAMES)

    @property
    def latest(self) -> int:
        """The frame after which it cannot end."""
        return self.last + self.after * _SLOWEST_FRAMES + _MARGIN_FRAMES


@dataclass(frozen=True, slots=True)
class _Block:
    """Utterances ``begin`` to ``end`` and the frames in which they are."""

    begin: int
    end: int
    first: int
    last: int


def recognise_phones(values_EV: NDArray[np.float32]) -> tuple[FoundPhone, ...]:
    """Return the phones of the most probable path with their frames; values are from ``without_border_label``."""
    best_E = values_EV.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best_E, prepend=-1))
    stops = np.append(starts[1:], len(best_E))
    return tuple(
        FoundPhone(int(best_E[start]), int(start), int(stop))
        for start, stop in zip(starts, stops, strict=True)
        if best_E[start] != BLANK
    )


def align_long(
    log_probabilities_EV: NDArray[np.float32],
    utterances: Sequence[Sequence[int]],
    advance: Callable[[int], None] = lambda utterances: None,
) -> LongAlignment:
    """Return where each utterance of a text lies in a recording.

    Parameters
    ----------
    log_probabilities_EV : NDArray[np.float32]
        Of the whole recording.
    utterances : Sequence[Sequence[int]]
        Phones of each utterance, at least one, without borders, in the order of the text.
    advance : Callable[[int], None]
        Called with the number of utterances that are done.
    """
    values_EV = without_border_label(log_probabilities_EV)
    phones = recognise_phones(values_EV)
    anchored = _find_anchored(utterances, phones)
    placements: list[Placement | None] = [None] * len(utterances)
    reached = 0
    for block in _divide(anchored, len(values_EV)):
        for number, placement in _align_block(values_EV, utterances, anchored, block, reached):
            placements[number] = placement
            if placement is not None:
                reached = placement.last
        advance(block.end - block.begin)
    return LongAlignment(tuple(placements), phones)


def _find_anchored(utterances: Sequence[Sequence[int]], phones: Sequence[FoundPhone]) -> list[_Anchored | None]:
    ends = list(accumulate(len(one) for one in utterances))
    owners = np.repeat(np.arange(len(utterances)), [len(one) for one in utterances])
    anchored: list[_Anchored | None] = [None] * len(utterances)
    wanted = [label for one in utterances for label in one]
    for anchor in find_anchors(wanted, [phone.label for phone in phones]):
        owner, final = int(owners[anchor.wanted]), anchor.wanted + RUN - 1
        if owner != owners[final]:
            # The run goes over the end of its utterance, and so tells of neither where it is.
            continue
        size = len(utterances[owner])
        first, last = phones[anchor.found].first, phones[anchor.found + RUN - 1].last
        known = anchored[owner]
        before = anchor.wanted - (ends[owner] - size)
        after = ends[owner] - 1 - final
        anchored[owner] = _Anchored(
            first if known is None else known.first, last, known.before if known else before, after
        )
    return anchored


def _divide(anchored: Sequence[_Anchored | None], frames: int) -> Iterator[_Block]:
    begin, known = 0, anchored[0] if anchored else None
    first = known.earliest if known is not None else 0
    for number, (before, behind) in enumerate(pairwise(anchored), start=1):
        if before is None or behind is None or before.last - first < _BLOCK_FRAMES:
            continue
        yield _Block(begin, number, first, min(behind.first, before.latest))
        begin, first = number, max(before.last, behind.earliest)
    if begin < len(anchored):
        final = anchored[-1]
        yield _Block(begin, len(anchored), first, frames if final is None else min(frames, final.latest))


def _align_block(
    values_EV: NDArray[np.float32],
    utterances: Sequence[Sequence[int]],
    anchored: Sequence[_Anchored | None],
    block: _Block,
    reached: int,
) -> Iterator[tuple[int, Placement | None]]:
    """Yield the number and the place of each utterance of a block; none begins before the frame that was reached."""
    first = max(block.first, reached)
    if _cells(utterances, block, first) <= _MOST_CELLS:
        numbers = range(block.begin, block.end)
        placed = place_utterances(values_EV[first : block.last], [utterances[number] for number in numbers])
        for number, placement in zip(numbers, placed, strict=True):
            yield number, None if placement is None else placement.moved(first)
        return
    # Too much that is not anchored: each utterance that is, is aligned by itself.
    for number in range(block.begin, block.end):
        known = anchored[number]
        if known is None:
            continue
        alone = _Block(number, number + 1, max(first, known.earliest), min(block.last, known.latest))
        if _cells(utterances, alone, alone.first) > _MOST_CELLS:
            continue
        (placement,) = place_utterances(values_EV[alone.first : alone.last], [utterances[number]])
        if placement is not None:
            moved = placement.moved(alone.first)
            first = moved.last
            yield number, moved


def _cells(utterances: Sequence[Sequence[int]], block: _Block, first: int) -> int:
    phones = sum(len(one) for one in utterances[block.begin : block.end])
    return max(0, block.last - first) * (2 * phones + 1)


def unclaimed_speech(alignment: LongAlignment) -> Iterator[tuple[FoundPhone, ...]]:
    """Yield each stretch of recognised phones that belong to no utterance, however short."""
    claimed = [(one.first, one.last) for one in alignment.placements if one is not None]
    stretch: list[FoundPhone] = []
    place = 0
    for phone in alignment.phones:
        passed = place
        while place < len(claimed) and claimed[place][1] <= phone.first:
            place += 1
        is_claimed = place < len(claimed) and claimed[place][0] < phone.last
        if stretch and (is_claimed or place > passed or phone.first - stretch[-1].last > _JOINED_FRAMES):
            yield tuple(stretch)
            stretch = []
        if not is_claimed:
            stretch.append(phone)
    if stretch:
        yield tuple(stretch)
