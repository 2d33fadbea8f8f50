"""Where each utterance of a text lies in a stretch of a recording, if it is there at all.

CTC segmentation (Kürzinger et al. 2020, arXiv 2007.09127): the most probable path through the phones of all utterances
one after another. Between two of them, and at both ends, whatever is said belongs to nobody: there a frame has the
probability of its best label, as the star token of Pratap et al. 2023 (arXiv 2305.13516). An utterance that is not
there is passed over, from one frame to the next, for a price per phone. A border between words is as silent as a blank.

Shapes: ``E frames, V labels, L phones of an utterance, S = 2 (phones of all utterances) + 1 states``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from amhctl.recogniser.labels import BLANK, BORDER

PRICE = 2.75
"""What passing over an utterance costs for each of its phones, as a natural logarithm."""
FRAME_PRICE = 0.1
"""What a frame within an utterance costs: a phone that is hard to find at its edge is not looked for beyond a pause."""
WINDOW_PHONES = 10
"""The confidence of an utterance is that of its worst stretch of so many phones."""
_STAY, _NEXT, _SKIP_BLANK, _PASS_OVER = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where the phones of an utterance were found.

    Attributes
    ----------
    firsts_L, lasts_L : NDArray[np.int64]
        First frame of each phone, and the one after its last.
    scores_L : NDArray[np.float64]
        Natural log-probability of the path from each phone to the next one, blanks between them included.
    """

    firsts_L: NDArray[np.int64]
    lasts_L: NDArray[np.int64]
    scores_L: NDArray[np.float64]

    @property
    def first(self) -> int:
        """The first frame."""
        return int(self.firsts_L[0])

    @property
    def last(self) -> int:
        """The frame after the last one."""
        return int(self.lasts_L[-1])

    @property
    def confidence(self) -> float:
        """Natural log-probability per phone in the worst stretch of ``WINDOW_PHONES``, or in all if there are fewer."""
        return worst_mean(self.scores_L, WINDOW_PHONES)

    def moved(self, frames: int) -> "Placement":
        """Return the placement counted from an earlier frame."""
        return Placement(self.firsts_L + frames, self.lasts_L + frames, self.scores_L)


def worst_mean(values: NDArray[np.float64], window: int) -> float:
    """Return the smallest mean of so many values in a row.

    >>> worst_mean(np.array([0.0, -1.0, -3.0, 0.0]), 2)
    -2.0
    """
    size = min(window, len(values))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return float((sums[size:] - sums[:-size]).min()) / size


def without_border_label(log_probabilities_EV: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log-probabilities in which a blank has the probability of the border between words too, shape (E, V)."""
    values_EV = log_probabilities_EV.copy()
    values_EV[:, BLANK] = np.logaddexp(values_EV[:, BLANK], values_EV[:, BORDER])
    values_EV[:, BORDER] = -np.inf
    return values_EV


def place_utterances(
    values_EV: NDArray[np.float32], utterances: Sequence[Sequence[int]], *, price: float = PRICE
) -> tuple[Placement | None, ...]:
    """Return where each utterance lies on the most probable path; None for one that is passed over.

    Needs ``E * S`` bytes.

    Parameters
    ----------
    values_EV : NDArray[np.float32]
        From ``without_border_label``.
    utterances : Sequence[Sequence[int]]
        Phones of each utterance, at least one, in the order of the text.
    price : float
        What passing over one costs for each of its phones.
    """
    if not len(values_EV) or not utterances:
        return (None,) * len(utterances)
    states = _States.of(utterances, price)
    path_E = _best_path(values_EV, states)
    if path_E is None:
        return (None,) * len(utterances)
    emitted_E = values_EV[np.arange(len(path_E)), states.labels_S[path_E]].astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(emitted_E)])
    found: list[Placement | None] = []
    for begin, end in zip(states.gaps[:-1], states.gaps[1:], strict=True):
        numbers_L = np.arange(begin + 1, end, 2)
        firsts_L = np.searchsorted(path_E, numbers_L, side="left")
        lasts_L = np.searchsorted(path_E, numbers_L, side="right")
        if firsts_L[0] == lasts_L[0]:
            found.append(None)
            continue
        stops_L = np.append(firsts_L[1:], lasts_L[-1])
        found.append(Placement(firsts_L, lasts_L, sums[stops_L] - sums[firsts_L]))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _States:
    """Blanks and phones in turn; the blank before each utterance and the one after the last are gaps."""

    labels_S: NDArray[np.int64]
    may_skip_S: NDArray[np.bool_]
    gaps: NDArray[np.int64]
    prices: NDArray[np.float64]
    """What each utterance costs that is passed over; negative."""

    @staticmethod
    def of(utterances: Sequence[Sequence[int]], price: float) -> "_States":
        sizes = [len(one) for one in utterances]
        labels_S = np.full(2 * sum(sizes) + 1, BLANK, dtype=np.int64)
        labels_S[1::2] = [label for one in utterances for label in one]
        # A phone may follow another at once, unless both are the same: then a blank lies between them.
        may_skip_S = np.zeros(labels_S.size, dtype=bool)
        may_skip_S[3::2] = labels_S[3::2] != labels_S[1:-2:2]
        gaps = 2 * np.fromiter(accumulate(sizes, initial=0), dtype=np.int64)
        return _States(labels_S, may_skip_S, gaps, -price * np.asarray(sizes, dtype=np.float64))


def _best_path(values_EV: NDArray[np.float32], states: _States) -> NDArray[np.int64] | None:
    """Return the state of each frame; None if no path leads through."""
    frames, size = len(values_EV), states.labels_S.size
    gaps, best_E = states.gaps, values_EV.max(axis=1)
    never_S = np.where(states.may_skip_S, 0.0, -np.inf)[2:]
    steps_ES = np.zeros((frames, size), dtype=np.int8)
    score_S = np.full(size, -np.inf)
    score_S[0], score_S[1] = best_E[0] + FRAME_PRICE, values_EV[0, states.labels_S[1]]
    choice_S, better_S = np.empty(size), np.empty(size, dtype=bool)
    for frame in range(1, frames):
        step_S, kept_S = steps_ES[frame], score_S.copy()
        np.greater(score_S[:-1], kept_S[1:], out=better_S[1:])
        kept_S[1:] = np.maximum(score_S[:-1], kept_S[1:])
        step_S[1:][better_S[1:]] = _NEXT
        np.add(score_S[:-2], never_S, out=choice_S[2:])
        np.greater(choice_S[2:], kept_S[2:], out=better_S[2:])
        kept_S[2:] = np.maximum(choice_S[2:], kept_S[2:])
        step_S[2:][better_S[2:]] = _SKIP_BLANK
        passed = score_S[gaps[:-1]] + states.prices
        is_better = passed > kept_S[gaps[1:]]
        kept_S[gaps[1:][is_better]] = passed[is_better]
        step_S[gaps[1:][is_better]] = _PASS_OVER
        kept_S += values_EV[frame, states.labels_S]
        # In a gap, whatever is said is as good as the best label.
        kept_S[gaps] += best_E[frame] - values_EV[frame, BLANK] + FRAME_PRICE
        score_S = kept_S
    state = size - 1 if score_S[-1] >= score_S[-2] else size - 2
    return _trace(steps_ES, state, gaps) if np.isfinite(score_S[state]) else None


def _trace(steps_ES: NDArray[np.int8], state: int, gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    path_E = np.empty(len(steps_ES), dtype=np.int64)
    for frame in range(len(steps_ES) - 1, -1, -1):
        path_E[frame] = state
        step = int(steps_ES[frame, state])
        state = int(gaps[np.searchsorted(gaps, state) - 1]) if step == _PASS_OVER else state - step
    return path_E
