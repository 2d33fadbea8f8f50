"""How far a synthesised clip lies from its natural recording: spectrum, pitch, duration. Knows no model.

* **MCD**, mel-cepstral distortion in dB: ``10 / ln 10 * sqrt(2 * sum of squared differences of c1 … c24)``, the mean
  over the frames of the warping path (Kubichek, "Mel-cepstral distance measure for objective speech quality
  assessment", IEEE Pacific Rim Conf. 1993). The cepstra are those of ``world.analyse``; c0, the level, is left out.
* **log-F0 RMSE**: of natural logarithms, over the path's pairs of frames that are voiced in both clips.
* **log-F0 spread**: how lively a clip is: half of the range between the 16th and the 84th percentile of the natural
  logarithms of its voiced frames, one standard deviation of a normal distribution. The pitch tracker's octave errors,
  a few frames, multiply a standard deviation by five and do not move these percentiles.
* **Duration ratio**: synthesised over natural, silent edges not counted.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.core.units import Seconds
from amhctl.evaluation import warping, world
from amhctl.evaluation.clips import trim

_DECIBELS = 10.0 / math.log(10.0) * math.sqrt(2.0)
_FEWEST_VOICED = 10


@dataclass(frozen=True, slots=True)
class AcousticDistance:
    """How a synthesised clip differs from its natural recording.

    Attributes
    ----------
    mcd : float
        Mel-cepstral distortion in dB.
    log_f0_rmse : float or None
        None where fewer than ten aligned frames are voiced in both clips.
    seconds, natural_seconds : Seconds
        Lengths without the silent edges.
    log_f0_spread, natural_log_f0_spread : float or None
        None where fewer than ten frames are voiced.
    """

    mcd: float
    log_f0_rmse: float | None
    seconds: Seconds
    natural_seconds: Seconds
    log_f0_spread: float | None
    natural_log_f0_spread: float | None

    @property
    def duration_ratio(self) -> float:
        """Synthesised over natural."""
        return self.seconds / self.natural_seconds


def compare(natural: Waveform, synthesised: Waveform) -> AcousticDistance:
    """Return the distance of a synthesised clip from its natural recording; both may have any sample rate.

    Raises
    ------
    EvaluationError
        If one of them is silent or too short to analyse.
    """
    natural_clip, synthesised_clip = trim(natural), trim(synthesised)
    one, other = world.analyse(natural_clip), world.analyse(synthesised_clip)
    one_SC, other_SC = one.cepstra_SC[:, 1:], other.cepstra_SC[:, 1:]
    rows, columns = warping.path(one_SC, other_SC)
    distances = np.linalg.norm(one_SC[rows] - other_SC[columns], axis=1)
    pitch_one, pitch_other = one.pitch_S[rows], other.pitch_S[columns]
    voiced = (pitch_one > 0) & (pitch_other > 0)
    rmse = None
    if np.count_nonzero(voiced) >= _FEWEST_VOICED:
        rmse = float(np.sqrt(np.mean(np.square(np.log(pitch_one[voiced] / pitch_other[voiced])))))
    return AcousticDistance(
        mcd=float(_DECIBELS * distances.mean()),
        log_f0_rmse=rmse,
        seconds=synthesised_clip.duration,
        natural_seconds=natural_clip.duration,
        log_f0_spread=_spread(other.pitch_S),
        natural_log_f0_spread=_spread(one.pitch_S),
    )


def _spread(pitch_S: NDArray[np.float64]) -> float | None:
    voiced = pitch_S[pitch_S > 0]
    if voiced.size < _FEWEST_VOICED:
        return None
    low, high = np.quantile(np.log(voiced), [0.16, 0.84])
    return float(high - low) / 2.0
