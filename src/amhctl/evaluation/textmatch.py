"""Whether a synthesised clip says its own text: is it nearer to its own recording than to any other? No recogniser.

Each clip becomes a sequence of 13 MFCC (c1 … c13, every 20 ms, silent edges cut off, the clip's mean taken away, which
removes level and channel). The distance of two clips is that of ``warping.distance``. A synthesised clip *matches* if
no other natural recording of the set is nearer to it than the recording of the same text. A voice that ignores its
text matches once in a set's size; one that follows it, nearly always.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.mel import mfcc
from amhctl.audio.waveform import Waveform
from amhctl.config.mel import MelConfig
from amhctl.core.errors import EvaluationError
from amhctl.evaluation import warping
from amhctl.evaluation.clips import trim

_COEFFICIENTS = 13
_MEL = MelConfig(sample_rate=16_000, fft_samples=512, window_samples=400, hop_samples=320, bins=40)


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Where one synthesised clip stands among the natural recordings.

    Attributes
    ----------
    own : float
        Distance to the recording of the same text.
    nearest_other : float
        Least distance to a recording of another text.
    mean_other : float
        Mean distance to the recordings of other texts.
    """

    own: float
    nearest_other: float
    mean_other: float

    @property
    def matched(self) -> bool:
        """Whether the clip is nearest to its own recording."""
        return self.own < self.nearest_other


def cepstra(waveform: Waveform) -> NDArray[np.float64]:
    """Return the mean-normalised MFCC of a clip without its silent edges, shape (frames, 13).

    Raises
    ------
    EvaluationError
        If the clip is silent.
    """
    with_level = mfcc(trim(waveform).samples, _MEL, count=_COEFFICIENTS + 1)
    coefficients = with_level[:, 1:].astype(np.float64)
    normalised: NDArray[np.float64] = coefficients - coefficients.mean(axis=0)
    return normalised


def match(synthesised: NDArray[np.float64], natural: tuple[NDArray[np.float64], ...], own_index: int) -> TextMatch:
    """Return where a synthesised clip stands among the natural recordings of a set.

    Parameters
    ----------
    synthesised : NDArray[np.float64]
        ``cepstra`` of the synthesised clip.
    natural : tuple[NDArray[np.float64], ...]
        ``cepstra`` of every recording of the set.
    own_index : int
        Which of them has the same text.

    Raises
    ------
    EvaluationError
        If the set has fewer than two recordings.
    """
    if len(natural) < 2:
        raise EvaluationError("text match needs at least two recordings", hint="evaluate on more clips")
    distances = np.array([warping.distance(synthesised, reference) for reference in natural])
    others = np.delete(distances, own_index)
    return TextMatch(float(distances[own_index]), float(others.min()), float(others.mean()))
