"""How fast utterances are spoken, against the usual pace of their speaker. Knows no model, no letters and no sound."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amhctl.core.units import FASTEST, SLOWEST


def measure_pace(
    pieces: Sequence[int], frames: Sequence[int], speakers: Sequence[str], original: Sequence[bool]
) -> NDArray[np.float64]:
    """Return the speed of each utterance, 1 where it is as fast as the median of its speaker, shape (utterances,).

    A recording is longer than its speech by the silence at its edges. How many pieces that silence is worth follows
    from the line ``frames = edges + rate * pieces`` through all originals (least squares); without it short utterances
    would seem slow. Speeds are between those that ``speak`` may be asked for.

    Parameters
    ----------
    pieces, frames : Sequence[int]
        Text pieces and frames of each utterance.
    speakers : Sequence[str]
        Who says it.
    original : Sequence[bool]
        Whether it is a recording as it was made. Varied copies have a speed too, and no say in what is usual.
    """
    pieces_N, frames_N = (np.asarray(values, dtype=np.float64) for values in (pieces, frames))
    original_N = np.asarray(original, dtype=np.bool_)
    rates_N = np.log((pieces_N + _edges(pieces_N[original_N], frames_N[original_N])) / frames_N)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, speaker in enumerate(speakers):
        places[speaker].append(place)
    for own in places.values():
        usual = [place for place in own if original_N[place]] or own
        rates_N[own] -= np.median(rates_N[usual])
    return np.exp(rates_N).clip(SLOWEST, FASTEST)


def _edges(pieces_N: NDArray[np.float64], frames_N: NDArray[np.float64]) -> float:
    """Return how many pieces the silence at the edges of an utterance is worth."""
    if np.unique(pieces_N).size < 2:
        return 0.0
    rate, edges = np.polyfit(pieces_N, frames_N, 1)
    return max(0.0, float(edges / rate)) if rate > 0 else 0.0
