"""Which clips of an evaluation are worst, so that people hear these first. Measures nothing itself."""

from collections.abc import Sequence

import numpy as np

from amhctl.evaluation.goodness import goodness
from amhctl.evaluation.paired import NOT_COMPARED
from amhctl.evaluation.scorecard import KINDS, UtteranceScore

_OF_RECORDINGS = "natural_"
_RANKED_APART = frozenset({"stops", "character_error_rate", "text_match"})


def order_by_harm(clips: Sequence[UtteranceScore]) -> tuple[int, ...]:
    """Return the places of clips, the worst first; equally bad ones keep their order.

    First come the clips that could not be synthesised, then those that did not stop, then those with more wrong
    characters, then those that are closer to another recording; equal ones go by the mean of the clip's ranks in all
    other metrics of the voice. Ranks, because units differ.
    """
    harms = _mean_ranks(clips)
    kinds = {kind.name: kind for kind in KINDS}

    def badness(place: int) -> tuple[bool, bool, float, bool, float]:
        clip = clips[place]
        stops, errors, match = (clip.value_of(kinds[name]) for name in ("stops", "character_error_rate", "text_match"))
        return clip.seconds is None, stops == 0.0, errors or 0.0, match == 0.0, harms[place]

    # In reverse, equal ones keep their order all the same.
    return tuple(sorted(range(len(clips)), key=badness, reverse=True))


def _mean_ranks(clips: Sequence[UtteranceScore]) -> list[float]:
    """Return how bad each clip is: the mean of its ranks, from 0 (best) to 1 (worst)."""
    ranks: list[list[float]] = [[] for _ in clips]
    for kind in KINDS:
        if kind.name in NOT_COMPARED or kind.name in _RANKED_APART or kind.name.startswith(_OF_RECORDINGS):
            continue
        values = [(place, value) for place, clip in enumerate(clips) if (value := clip.value_of(kind)) is not None]
        good = np.array([goodness(value, kind.better) for _, value in values])
        for place, own in zip((place for place, _ in values), good, strict=True):
            # Half of those that are equal, itself included, count as worse.
            better = np.count_nonzero(good > own) + (np.count_nonzero(good == own) - 1) / 2
            ranks[place].append(float(better) / max(1, good.size - 1))
    return [float(np.mean(each)) if each else 1.0 for each in ranks]
