"""From log-probabilities of labels to labels: the best path, and a prefix beam search with models of language.

The search is that of Graves and Jaitly 2014 and Hannun et al. 2014 (arXiv 1408.2873): prefixes of labels, each with the
probability of the paths that end in a blank and of those that do not.

Shapes: ``E frames, V labels``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.recogniser.labels import BLANK, BORDER
from amhctl.recogniser.phone_model import PhoneModel
from amhctl.recogniser.words import WordList

_NEVER = -math.inf


@dataclass(frozen=True, slots=True)
class Search:
    """How a beam search weighs what it hears against what it knows.

    The defaults were the best on validation clips (``tools/tune_recogniser.py``).

    Attributes
    ----------
    beam : int
        Prefixes that are kept at each frame.
    weight : float
        Factor of the language models' log-probabilities.
    bonus : float
        Added for each label, since every model of language favours short text.
    least : float
        Labels of a frame with a smaller probability are not followed.
    """

    beam: int = 12
    weight: float = 0.5
    bonus: float = 1.8
    least: float = 0.002


DEFAULT_SEARCH = Search()


def best_path(log_probabilities_EV: NDArray[np.float32]) -> tuple[int, ...]:
    """Return the labels of the most probable path: repetitions joined, blanks left out."""
    best = log_probabilities_EV.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    return tuple(int(label) for label in best[starts] if label != BLANK)


@dataclass(slots=True)
class _Prefix:
    """A prefix: probabilities of its paths that end in a blank and in its last label, and what language adds."""

    blank: float
    label: float
    language: float
    word: float
    """What the phone model gave to the word that has begun."""

    @property
    def total(self) -> float:
        """What decides which prefixes are kept."""
        return _add(self.blank, self.label) + self.language


class BeamSearch:
    """A search with a phone model and, if written words are wanted, a word list.

    Parameters
    ----------
    phones : PhoneModel
        What follows what.
    words : WordList | None
        Words whose own probability takes the place of that of their phones.
    search : Search
        How it is weighed.
    """

    def __init__(self, phones: PhoneModel, words: WordList | None = None, search: Search = DEFAULT_SEARCH) -> None:
        self._phones, self._words, self._search = phones, words, search

    def run(self, log_probabilities_EV: NDArray[np.float32]) -> tuple[int, ...]:
        """Return the labels of the best prefix."""
        prefixes: dict[tuple[int, ...], _Prefix] = {(): _Prefix(0.0, _NEVER, 0.0, 0.0)}
        least = math.log(self._search.least)
        for frame_V in log_probabilities_EV:
            values = frame_V.tolist()
            followed = [label for label, value in enumerate(values) if value > least and label != BLANK]
            prefixes = self._advance(prefixes, values, followed)
        finished = {labels: prefix.total + self._end(labels, prefix) for labels, prefix in prefixes.items()}
        return max(finished, key=lambda labels: (finished[labels], labels))

    def _advance(
        self, prefixes: dict[tuple[int, ...], _Prefix], values: Sequence[float], followed: Sequence[int]
    ) -> dict[tuple[int, ...], _Prefix]:
        after: dict[tuple[int, ...], _Prefix] = {}
        for labels, prefix in prefixes.items():
            last = labels[-1] if labels else BLANK
            kept = after.get(labels)
            if kept is None:
                kept = after[labels] = _Prefix(_NEVER, _NEVER, prefix.language, prefix.word)
            both = _add(prefix.blank, prefix.label)
            kept.blank = _add(kept.blank, both + values[BLANK])
            if last != BLANK:
                kept.label = _add(kept.label, prefix.label + values[last])
            for label in followed:
                # A label that repeats the last one is a new one only after a blank.
                before = prefix.blank if label == last else both
                if before == _NEVER or (label == BORDER and last in (BORDER, BLANK)):
                    continue
                longer = (*labels, label)
                found = after.get(longer)
                if found is None:
                    found = after[longer] = self._extend(labels, prefix, label)
                found.label = _add(found.label, before + values[label])
        if len(after) <= self._search.beam:
            return after
        best = sorted(after, key=lambda labels: (-after[labels].total, labels))[: self._search.beam]
        return {labels: after[labels] for labels in best}

    def _extend(self, labels: tuple[int, ...], prefix: _Prefix, label: int) -> _Prefix:
        search = self._search
        chance = search.weight * float(self._phones.following((BLANK, *labels))[label])
        language = prefix.language + chance + search.bonus
        if label != BORDER:
            return _Prefix(_NEVER, _NEVER, language, prefix.word + chance)
        return _Prefix(_NEVER, _NEVER, language + self._known_word(labels, prefix.word + chance), 0.0)

    def _end(self, labels: tuple[int, ...], prefix: _Prefix) -> float:
        chance = self._search.weight * float(self._phones.following((BLANK, *labels))[BLANK])
        return chance + self._known_word(labels, prefix.word + chance)

    def _known_word(self, labels: tuple[int, ...], by_phones: float) -> float:
        """Return what it adds that the last word is a known one: its probability in place of that of its phones."""
        if self._words is None:
            return 0.0
        start = len(labels) - labels[::-1].index(BORDER) if BORDER in labels else 0
        known = self._words.find(labels[start:])
        unknown = self._search.weight * self._words.log_unknown
        return unknown if known is None else max(unknown, self._search.weight * known[1] - by_phones)


def _add(first: float, second: float) -> float:
    """Return the logarithm of the sum of two numbers given by their logarithms."""
    if first < second:
        first, second = second, first
    return first if second == _NEVER else first + math.log1p(math.exp(second - first))
