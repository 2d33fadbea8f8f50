"""How much of a voice a treatment took away: frames that were voice before and are not heard after. Knows no enhancer.

What is lost shows in frames of 25 ms that were surely voice: periodic, near the speech level, and well over the pauses,
so that steady hum is none. Noise that is taken away is not periodic, and voice that noise covered stays as loud.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.levels import FRAME_SECONDS, frame_levels, frame_samples, speech_level_of
from amhctl.audio.offset import without_rumble
from amhctl.audio.waveform import Waveform

_LOWEST_PITCH, _HIGHEST_PITCH = 70.0, 400.0
_PERIODIC = 0.7
_UNDER_SPEECH = 25.0
_OVER_PAUSES = 10.0
# A third of the amplitude: noise under voice never makes up so much of it where the voice stands 10 dB over the pauses.
_FALL = 10.0


@dataclass(frozen=True, slots=True)
class SpeechLoss:
    """What was lost of a voice.

    Attributes
    ----------
    seconds : float
        All of it.
    longest : float
        The longest stretch without a break, in seconds.
    """

    seconds: float
    longest: float


def find_loss(before: Waveform, after: Waveform) -> SpeechLoss:
    """Return how much voice of a recording is missing in its treated copy, of equal length and rate."""
    filtered = without_rumble(before)
    levels, kept = frame_levels(filtered), frame_levels(without_rumble(after))
    lost = _voiced(filtered, levels) & (levels - kept > _FALL)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]])))
    runs = edges[1::2] - edges[::2]
    return SpeechLoss(float(lost.sum()) * FRAME_SECONDS, float(runs.max(initial=0)) * FRAME_SECONDS)


def _voiced(waveform: Waveform, levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which frames of 25 ms are surely voice, shape (frames,)."""
    speech, pauses = speech_level_of(levels), float(np.quantile(levels, 0.1))
    stands_out = (levels > speech - _UNDER_SPEECH) & (levels > pauses + _OVER_PAUSES)
    voiced = np.zeros(levels.size, dtype=np.bool_)
    voiced[stands_out] = _periodicity(waveform, np.flatnonzero(stands_out)) > _PERIODIC
    return voiced


def _periodicity(waveform: Waveform, frames: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the highest autocorrelation of each frame at a lag of a pitch, in two frames (Boersma 1993)."""
    rate, size = waveform.sample_rate, frame_samples(waveform.sample_rate)
    shortest, longest = max(1, int(rate / _HIGHEST_PITCH)), int(rate / _LOWEST_PITCH)
    if not frames.size:
        return np.zeros(0)
    padded = np.pad(waveform.samples.astype(np.float64), (size // 2, 2 * size))
    window = np.hanning(2 * size)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * size)[frames * size]
    spectra = np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * window, 4 * size, axis=1)
    correlation = np.fft.irfft(np.square(np.abs(spectra)), axis=1)
    shape = np.fft.irfft(np.square(np.abs(np.fft.rfft(window, 4 * size))))
    powers = correlation[:, :1] + np.finfo(np.float64).tiny
    normalised = correlation[:, shortest:longest] / powers / (shape[shortest:longest] / shape[0])
    return np.asarray(normalised.max(axis=1))
