"""Where a text lies in a recording, by CTC: when each label begins and ends, and how probable it is.

Viterbi over the labels with blanks between them (Graves et al. 2006; Kürzinger et al. 2020, arXiv 2007.09127).

Shapes: ``E frames, V labels, L labels of the text, S = 2 L + 1 states``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.recogniser.labels import BLANK


@dataclass(frozen=True, slots=True)
class AlignedLabel:
    """One label of a text and where it was found.

    Attributes
    ----------
    label : int
        Which.
    first, last : int
        Its first frame and the one after its last.
    log_probability : float
        Mean natural log-probability over its frames.
    """

    label: int
    first: int
    last: int
    log_probability: float


def align_labels(log_probabilities_EV: NDArray[np.float32], labels: Sequence[int]) -> tuple[AlignedLabel, ...]:
    """Return where each label of a text lies on the most probable path.

    Raises
    ------
    EvaluationError
        If there are fewer frames than the labels need, or no labels.
    """
    if not labels:
        raise EvaluationError("there is no text to align")
    states_S = np.full(2 * len(labels) + 1, BLANK, dtype=np.int64)
    states_S[1::2] = labels
    # A label may follow another at once, unless both are the same: then a blank lies between them.
    may_skip_S = np.zeros(states_S.size, dtype=bool)
    may_skip_S[3::2] = states_S[3::2] != states_S[1:-2:2]
    frames = len(log_probabilities_EV)
    if frames < len(labels) + int((states_S[3::2] == states_S[1:-2:2]).sum()):
        raise EvaluationError(
            f"the recording has {frames} frames of 20 ms, too few for {len(labels)} phones",
            hint="check that the text belongs to the recording",
        )
    emitted_ES = log_probabilities_EV[:, states_S].astype(np.float64)
    steps_ES = np.zeros((frames, states_S.size), dtype=np.int8)
    score_S = np.full(states_S.size, -np.inf)
    score_S[:2] = emitted_ES[0, :2]
    for frame in range(1, frames):
        choices = np.full((3, states_S.size), -np.inf)
        choices[0] = score_S
        choices[1, 1:] = score_S[:-1]
        choices[2, 2:] = np.where(may_skip_S[2:], score_S[:-2], -np.inf)
        steps_ES[frame] = choices.argmax(axis=0)
        score_S = choices.max(axis=0) + emitted_ES[frame]
    state = states_S.size - 1 if score_S[-1] >= score_S[-2] else states_S.size - 2
    path = np.empty(frames, dtype=np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= int(steps_ES[frame, state])
    found = []
    for place, label in enumerate(labels):
        where = np.flatnonzero(path == 2 * place + 1)
        chance = float(log_probabilities_EV[where, label].mean())
        found.append(AlignedLabel(label, int(where[0]), int(where[-1]) + 1, chance))
    return tuple(found)
