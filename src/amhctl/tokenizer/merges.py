"""Byte-pair merges learnt on top of the pieces a vocabulary already has. Knows no model file and no ids.

SentencePiece can train a vocabulary but not continue training one. Pieces taken from a second, separate training may be
out of reach: BPE builds a piece from two shorter ones, and the older merges may have joined its letters otherwise.
Merges learnt on the old segmentation are within reach by construction (Sennrich et al. 2016, section 3.2, started
from the old pieces instead of from characters).
"""

import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Pair = tuple[str, str]

# SentencePiece's own limit, max_sentencepiece_length.
_LONGEST_PIECE = 16
# Below so many entries beside the live ones, making the heap again is not worth its time.
_SMALL_HEAP = 1_000


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
        # Words that a pair stood in once. Those it has left since are skipped when it is joined: a machine integer
        # a place is a tenth of what sets would take.
        self._places: defaultdict[Pair, array[int]] = defaultdict(lambda: array("I"))
        for place, word in enumerate(self._words):
            pairs = self._pairs_of(word)
            self._count(pairs, self._counts[place])
            for pair in set(pairs):
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
        touched: dict[Pair, int] = {}
        for place in sorted({*self._places.pop(pair, ())}):
            before = self._words[place]
            after = _joined(before, pair)
            if len(after) == len(before):
                continue
            stood, stands = self._pairs_of(before), self._pairs_of(after)
            for near in (*stood, *stands):
                touched.setdefault(near, self._pairs[near])
            self._words[place] = after
            self._count(stood, -self._counts[place])
            self._count(stands, self._counts[place])
            for fresh in set(stands).difference(stood):
                self._places[fresh].append(place)
        self._push(near for near, count in touched.items() if self._pairs[near] != count)
        return sorted(other for other in touched if self._pairs[other] > 0 and other[0] + other[1] in known)

    def _push(self, changed: Iterable[Pair]) -> None:
        """Enter new counts. A heap of mostly stale entries is made again: it would outgrow all else."""
        for pair in changed:
            if count := self._pairs[pair]:
                heapq.heappush(self._heap, (-count, pair))
            else:
                del self._pairs[pair]
        if len(self._heap) > 2 * len(self._pairs) + _SMALL_HEAP:
            self._heap = [(-count, pair) for pair, count in self._pairs.items()]
            heapq.heapify(self._heap)

    def _count(self, pairs: Iterable[Pair], count: int) -> None:
        for pair in pairs:
            self._pairs[pair] += count

    def _pairs_of(self, word: tuple[str, ...]) -> list[Pair]:
        """Return the pairs of a word that may be joined, each as often as it is there."""
        return [
            (left, right)
            for left, right in pairwise(word)
            if left not in self._frozen and right not in self._frozen and len(left) + len(right) <= _LONGEST_PIECE
        ]


def _joined(word: tuple[str, ...], pair: Pair) -> tuple[str, ...]:
    result: list[str] = []
    for piece in word:
        # After a join the last piece is the joined one, so "aaa" gives "aa", "a" as SentencePiece does from the left.
        if result and (result[-1], piece) == pair:
            result[-1] = pair[0] + pair[1]
        else:
            result.append(piece)
    return tuple(result)
