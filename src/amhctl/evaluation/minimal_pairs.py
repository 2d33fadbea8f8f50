"""Minimal pairs: words that differ in one phone, and whether a recogniser hears the one that was to be said.

The pairs are found among the words of the recogniser, the most frequent first, in turn for each contrast of Amharic
that matters: plain and ejective, voiced and voiceless, plain and rounded, neighbouring vowels, neighbouring nasals,
liquids and fricatives (Hayward & Hayward 1999; spec of the phones: ``text/g2p/phones.py``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.recogniser.labels import LABELS, NUMBERS
from amhctl.recogniser.verification import text_log_probabilities
from amhctl.recogniser.words import Labels, WordList

CONTRASTS: tuple[tuple[str, str], ...] = (
    ("k", "kʼ"), ("t", "tʼ"), ("s", "sʼ"), ("t͡ʃ", "t͡ʃʼ"), ("p", "pʼ"),
    ("b", "p"), ("d", "t"), ("ɡ", "k"), ("z", "s"), ("ʒ", "ʃ"), ("d͡ʒ", "t͡ʃ"), ("v", "f"), ("b", "v"),
    ("k", "kʷ"), ("kʼ", "kʼʷ"), ("ɡ", "ɡʷ"), ("h", "hʷ"),
    ("m", "n"), ("n", "ɲ"), ("l", "r"), ("s", "ʃ"), ("j", "w"), ("f", "h"),
    ("ə", "a"), ("ə", "ɨ"), ("ɨ", "i"), ("u", "o"), ("e", "i"), ("u", "ɨ"), ("a", "o"), ("e", "ə"),
)  # fmt: skip
_SHORTEST, _LONGEST = 4, 9


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two written words whose sounds differ in one phone."""

    contrast: tuple[str, str]
    words: tuple[str, str]
    sounds: tuple[Labels, Labels]


@dataclass(frozen=True, slots=True)
class PairResult:
    """What a recogniser heard of a pair: whether each of the words was nearer to itself than to the other.

    Attributes
    ----------
    pair : MinimalPair
        The words.
    margins : tuple[float, float]
        Log-probability of the word that was to be said over that of the other, for each; above 0 is right.
    """

    pair: MinimalPair
    margins: tuple[float, float]

    @property
    def right(self) -> float:
        """The share of its two words that are right: 0, 0.5 or 1."""
        return float(np.mean([margin > 0.0 for margin in self.margins]))


def find_pairs(words: WordList, count: int) -> tuple[MinimalPair, ...]:
    """Return pairs of words, as many of each contrast as there are, up to ``count`` in all.

    Raises
    ------
    EvaluationError
        If the words have none.
    """
    ranked: dict[Labels, tuple[int, str]] = {}
    for rank, (word, sound) in enumerate(words.ranked()):
        if _SHORTEST <= len(sound) <= _LONGEST:
            ranked.setdefault(sound, (rank, word))
    found: list[list[MinimalPair]] = []
    for first, second in CONTRASTS:
        numbers = NUMBERS[first], NUMBERS[second]
        pairs: list[tuple[int, MinimalPair]] = []
        for sound, (rank, word) in ranked.items():
            for place, label in enumerate(sound):
                other = (*sound[:place], numbers[1], *sound[place + 1 :])
                if label == numbers[0] and other in ranked:
                    other_rank, other_word = ranked[other]
                    pair = MinimalPair((first, second), (word, other_word), (sound, other))
                    pairs.append((max(rank, other_rank), pair))
        found.append([pair for _, pair in sorted(pairs, key=lambda each: (each[0], each[1].words))])
    chosen = [pairs[turn] for turn in range(max(map(len, found), default=0)) for pairs in found if turn < len(pairs)]
    if not chosen:
        raise EvaluationError("the recogniser's words have no minimal pairs", hint="train it with more --text")
    return tuple(chosen[:count])


def score_pair(pair: MinimalPair, recognise: Callable[[str], NDArray[np.float32] | None]) -> PairResult:
    """Return what a recogniser hears of a pair.

    Parameters
    ----------
    pair : MinimalPair
        The words.
    recognise : Callable[[str], NDArray[np.float32] | None]
        Log-probabilities of labels in a spoken word, shape (E, V); None where it could not be spoken, which is wrong.
    """
    margins = []
    for word, own, other in zip(pair.words, pair.sounds, reversed(pair.sounds), strict=True):
        values = recognise(word)
        if values is None:
            margins.append(-np.inf)
            continue
        chances = text_log_probabilities(values, [own, other])
        margins.append(float(chances[0] - chances[1]) if np.isfinite(chances[0]) else -np.inf)
    return PairResult(pair, (margins[0], margins[1]))


def by_contrast(results: Sequence[PairResult]) -> dict[str, tuple[float, int]]:
    """Return the share of words that are right and the number of pairs of each contrast, by a name like ``k/kʼ``."""
    grouped: dict[str, list[float]] = {}
    for each in results:
        grouped.setdefault("/".join(each.pair.contrast), []).append(each.right)
    return {name: (float(np.mean(shares)), len(shares)) for name, shares in grouped.items()}


def shown(sound: Labels) -> str:
    """Return a sound as phones."""
    return "".join(LABELS[label] for label in sound)
