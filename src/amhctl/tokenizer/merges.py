"""Byte-pair merges learnt on top of the pieces a vocabulary already has. Knows no model file and no ids.

SentencePiece can train a vocabulary but not go on training one. Pieces taken from a second, separate training may be
out of reach: BPE builds a piece from two shorter ones, and the older merges may have joined its letters otherwise.
Merges learnt on the old segmentation are within reach by construction (Sennrich et al. 2016, section 3.2, started
from the old pieces instead of from characters).
"""

import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

Pair = tuple[str, str]

# SentencePiece's own limit, max_sentencepiece_length.
_LONGEST_PIECE = 16


@dataclass(frozen=True, slots=True)
class Merge:
    """One new piece and the two pieces it is made of."""

    left: str
    right: str

    @property
    def piece(self) -> str:
        """The new piece."""
        return self.left + self.right


def learn_merges(
    words: Mapping[tuple[str, ...], int], *, present: Collection[str], frozen: Collection[str], count: int
) -> tuple[Merge, ...]:
    """Learn at most ``count`` merges, the most frequent first; ties go to the pair that sorts first.

    Parameters
    ----------
    words : Mapping[tuple[str, ...], int]
        How often each word occurs, as the pieces it is made of now.
    present : Collection[str]
        Pieces that exist; joining a pair into one of them costs nothing and is always done.
    frozen : Collection[str]
        Pieces that are never merged.
    count : int
        Pieces wanted. Fewer come back once no pair occurs twice.
    """
    state = _Corpus(words, frozenset(frozen))
    known = set(present)
    merges: list[Merge] = []
    while len(merges) < count and (pair := state.most_frequent()) is not None:
        joined = pair[0] + pair[1]
        if joined not in known:
            known.add(joined)
            merges.append(Merge(*pair))
        for free in state.join(pair, known):
            state.join(free, known)
    return tuple(merges)


class _Corpus:
    """Words, the pairs in them, and which pair is the most frequent."""

    def __init__(self, words: Mapping[tuple[str, ...], int], frozen: frozenset[str]) -> None:
        self._frozen = frozen
        self._words = list(words)
        self._counts = list(words.values())
        self._pairs: Counter[Pair] = Counter()
        # Words that a pair stood in once. Those it has left since are passed over when it is joined: a machine integer
        # a place is a tenth of what sets would take.
        self._places: defaultdict[Pair, array[int]] = defaultdict(lambda: array("I"))
        for place in range(len(self._words)):
            for pair in self._tally(place, 1):
                self._places[pair].append(place)
        self._heap = [(-count, pair) for pair, count in self._pairs.items()]
        heapq.heapify(self._heap)

    def most_frequent(self) -> Pair | None:
        """Return the pair that occurs most often, None if none occurs twice."""
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            # Stale entries stay in the heap; a pair's newest count was pushed when it changed.
            if self._pairs[pair] == -count:
                return pair if -count >= 2 else None
        return None

    def join(self, pair: Pair, known: Collection[str]) -> list[Pair]:
        """Join a pair wherever it stands; return the pairs next to it that spell a piece that exists."""
        touched: set[Pair] = set()
        for place in sorted({*self._places.pop(pair, ())}):
            before = self._words[place]
            after = _joined(before, pair)
            if len(after) == len(before):
                continue
            stood = self._tally(place, -1)
            self._words[place] = after
            stands = self._tally(place, 1)
            for fresh in stands - stood:
                self._places[fresh].append(place)
            touched |= stood | stands
        for changed in touched:
            heapq.heappush(self._heap, (-self._pairs[changed], changed))
        return sorted(other for other in touched if self._pairs[other] > 0 and other[0] + other[1] in known)

    def _tally(self, place: int, sign: int) -> set[Pair]:
        word, count = self._words[place], self._counts[place]
        seen: set[Pair] = set()
        for pair in pairwise(word):
            if pair[0] in self._frozen or pair[1] in self._frozen or len(pair[0]) + len(pair[1]) > _LONGEST_PIECE:
                continue
            seen.add(pair)
            self._pairs[pair] += sign * count
        return seen


def _joined(word: tuple[str, ...], pair: Pair) -> tuple[str, ...]:
    result: list[str] = []
    for piece in word:
        # After a join the last piece is the joined one, so "aaa" gives "aa", "a" as SentencePiece does from the left.
        if result and (result[-1], piece) == pair:
            result[-1] = pair[0] + pair[1]
        else:
            result.append(piece)
    return tuple(result)
