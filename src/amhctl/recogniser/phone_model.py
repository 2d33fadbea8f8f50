"""Which phone follows which: an n-gram model over labels, learnt from text. Knows no sound.

Interpolated absolute discounting (Ney, Essen and Kneser 1994; Chen and Goodman 1999, section 2.7) in backoff form:
P(w | h) = max(c(hw) - D, 0) / c(h) + g(h) P(w | h'), where h' is h without its first label and g(h) is what the
discount left over. Of n-grams of four labels and more, rare ones are dropped; their share goes to the shorter ones.

A history begins with the number of the blank, which no text contains: it stands for the edge of a sentence.

Shapes: ``G n-grams of one length, V labels``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import CheckpointError
from amhctl.recogniser.labels import BLANK, LABELS

ORDER = 6
_SIZE = len(LABELS)
_DISCOUNT = 0.75
_NEVER = -20.0
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class _Grams:
    """The n-grams of one length: their numbers in base V, in ascending order, and two logarithms for each."""

    keys: NDArray[np.int64]
    log_probabilities: NDArray[np.float32]
    log_backoffs: NDArray[np.float32]


class PhoneModel:
    """An n-gram model of labels.

    Parameters
    ----------
    grams : Sequence[_Grams]
        n-grams of one label, of two, and so on.
    """

    def __init__(self, grams: Sequence[_Grams]) -> None:
        self._grams = tuple(grams)
        self._known: dict[tuple[int, ...], NDArray[np.float32]] = {}

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self._grams)

    def following(self, history: Sequence[int]) -> NDArray[np.float32]:
        """Return the natural log-probability of each label after a history, shape (V,); the first is the edge.

        Only the last ``order - 1`` labels of the history count.
        """
        context = tuple(history[-(self.order - 1) :]) if self.order > 1 else ()
        return self._following(context)

    def _following(self, context: tuple[int, ...]) -> NDArray[np.float32]:
        if (found := self._known.get(context)) is not None:
            return found
        if not context:
            values = np.full(_SIZE, _NEVER, np.float32)
            grams = self._grams[0]
            values[grams.keys] = grams.log_probabilities
        else:
            values = self._following(context[1:]).copy()
            key = _number(context)
            shorter = self._grams[len(context) - 1]
            place = int(np.searchsorted(shorter.keys, key))
            if place < shorter.keys.size and shorter.keys[place] == key:
                values += shorter.log_backoffs[place]
                grams = self._grams[len(context)]
                first, last = np.searchsorted(grams.keys, [key * _SIZE, (key + 1) * _SIZE])
                values[grams.keys[first:last] % _SIZE] = grams.log_probabilities[first:last]
        self._known[context] = values
        return values

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the model as arrays, to be stored."""
        stored: dict[str, NDArray[np.generic]] = {}
        for length, grams in enumerate(self._grams, start=1):
            # In base 40, six labels are a number below 2**32.
            stored[f"{length}.keys"] = grams.keys.astype(np.uint32)
            stored[f"{length}.log_probabilities"] = grams.log_probabilities.astype(np.float16)
            if length < self.order:
                stored[f"{length}.log_backoffs"] = grams.log_backoffs.astype(np.float16)
        return stored

    @classmethod
    def of_arrays(cls, stored: Mapping[str, NDArray[np.generic]], *, subject: str) -> "PhoneModel":
        """Return the model that ``arrays`` stored.

        Raises
        ------
        CheckpointError
            If the arrays are not those of a model.
        """
        grams = []
        try:
            for length in range(1, 1 + sum(name.endswith(".keys") for name in stored)):
                keys = stored[f"{length}.keys"].astype(np.int64)
                chances = stored[f"{length}.log_probabilities"].astype(np.float32)
                backoffs = stored.get(f"{length}.log_backoffs", np.zeros(keys.size)).astype(np.float32)
                if not (keys.shape == chances.shape == backoffs.shape and (np.diff(keys) > 0).all()):
                    raise ValueError("n-grams are not in order")
                if keys.size and not 0 <= keys[0] <= keys[-1] < _SIZE**length:
                    raise ValueError("n-grams have labels that do not exist")
                if not (np.isfinite(chances).all() and np.isfinite(backoffs).all()):
                    raise ValueError("a probability is not finite")
                grams.append(_Grams(keys, chances, backoffs))
            if not grams:
                raise ValueError("there are no n-grams")
        except (KeyError, ValueError) as fault:
            raise CheckpointError(
                f"the phone model is damaged: {fault}", subject=subject, hint="copy the folder from its source again"
            ) from fault
        return cls(grams)


def learn_phone_model(sentences: Iterable[Sequence[int]], *, largest: int = 75_000, order: int = ORDER) -> PhoneModel:
    """Learn a model from label sequences.

    Parameters
    ----------
    sentences : Iterable[Sequence[int]]
        Labels of each sentence, borders included.
    largest : int
        How many n-grams of each length from four on are kept, the most frequent ones.
    order : int
        Length of the longest n-grams.

    Raises
    ------
    ValueError
        If there is no sentence.
    """
    joined: list[int] = []
    for labels in sentences:
        joined.append(BLANK)
        joined.extend(labels)
    joined.append(BLANK)
    text = np.array(joined, dtype=np.int64)
    if text.size < 2:
        raise ValueError("a phone model needs text")
    grams: list[_Grams] = []
    for length in range(1, order + 1):
        keys = np.zeros(max(0, text.size - length + 1), dtype=np.int64)
        for place in range(length):
            keys = keys * _SIZE + text[place : place + keys.size]
        grams.append(_estimate(*np.unique(keys, return_counts=True), grams, largest=largest if length > 3 else None))
    return PhoneModel(grams)


def _estimate(
    keys: NDArray[np.int64], counts: NDArray[np.int64], shorter: Sequence[_Grams], *, largest: int | None
) -> _Grams:
    """Return the n-grams of the next length, and fill in the backoffs of the length before."""
    if not shorter:
        return _Grams(keys, np.log(counts / counts.sum()).astype(np.float32), np.zeros(keys.size, np.float32))
    contexts, places, kinds = np.unique(keys // _SIZE, return_inverse=True, return_counts=True)
    totals = np.bincount(places, weights=counts)
    lower = np.exp(_log_probabilities(shorter, keys % _SIZE ** len(shorter), len(shorter)))
    left_over = _DISCOUNT * kinds / totals
    chances = (counts - _DISCOUNT) / totals[places] + left_over[places] * lower
    kept = np.ones(keys.size, dtype=bool)
    if largest is not None and keys.size > largest:
        kept[np.argsort(-counts, kind="stable")[largest:]] = False
    # What the kept n-grams of a history leave to the others, over what the shorter history gives to those.
    rest = 1.0 - np.bincount(places, weights=chances * kept)
    rest_lower = 1.0 - np.bincount(places, weights=lower * kept)
    backoffs = np.log(np.maximum(rest, _LEAST) / np.maximum(rest_lower, _LEAST))
    spots = np.searchsorted(shorter[-1].keys, contexts)
    spots_in = np.minimum(spots, shorter[-1].keys.size - 1)
    exists = shorter[-1].keys[spots_in] == contexts
    shorter[-1].log_backoffs[spots_in[exists]] = backoffs[exists]
    # A history that was dropped itself cannot say what follows it.
    kept &= exists[places]
    return _Grams(keys[kept], np.log(chances[kept]).astype(np.float32), np.zeros(int(kept.sum()), np.float32))


def _log_probabilities(grams: Sequence[_Grams], keys: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the log-probability of the last label of each n-gram after the others."""
    same = grams[length - 1]
    spots = np.minimum(np.searchsorted(same.keys, keys), same.keys.size - 1)
    found = same.keys[spots] == keys
    values = same.log_probabilities[spots].astype(np.float64)
    if length > 1 and not found.all():
        missing = keys[~found]
        before = grams[length - 2]
        places = np.minimum(np.searchsorted(before.keys, missing // _SIZE), before.keys.size - 1)
        known = before.keys[places] == missing // _SIZE
        backoff = np.where(known, before.log_backoffs[places], 0.0)
        values[~found] = backoff + _log_probabilities(grams, missing % _SIZE ** (length - 1), length - 1)
    return values


def _number(labels: Sequence[int]) -> int:
    number = 0
    for label in labels:
        number = number * _SIZE + label
    return number
