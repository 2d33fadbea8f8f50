"""Log-mel features as Whisper takes them (Radford et al. 2022, arXiv 2212.04356, section 2.2). Knows no network.

80 Slaney mel bands of the power spectrum, every 10 ms, in powers of ten; what is more than 8 powers below the loudest
is cut off, and the rest is scaled to about [-1, 1].

Shapes: ``N samples, T frames of 10 ms``.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from amhctl.audio.mel import mel_filterbank
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError

SAMPLE_RATE = 16_000
HOP_SAMPLES = 160
BANDS = 80
_MEL = MelConfig(sample_rate=SAMPLE_RATE, fft_samples=400, window_samples=400, hop_samples=HOP_SAMPLES, bins=BANDS)
_LOWEST_POWER, _RANGE = 1e-10, 8.0
SHORTEST_SAMPLES = 400
"""One window: a shorter recording has no frame."""


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    turns = np.arange(_MEL.window_samples) / _MEL.window_samples
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * turns), dtype=np.float32)


def speech_features(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of a recording at 16 kHz, shape (N // 160, 80).

    Raises
    ------
    AudioError
        If it is shorter than one window of 25 ms.
    """
    if samples.size < SHORTEST_SAMPLES:
        raise AudioError(
            f"the recording has {samples.size} samples; a recogniser needs at least {SHORTEST_SAMPLES} (25 ms)",
            hint="leave the clip out, or join it to its neighbour",
        )
    half = _MEL.fft_samples // 2
    padded = np.pad(samples.astype(np.float32, copy=False), half, mode="reflect")
    count = samples.size // HOP_SAMPLES
    frames = np.lib.stride_tricks.sliding_window_view(padded, _MEL.fft_samples)[::HOP_SAMPLES][:count]
    power = np.abs(scipy.fft.rfft(frames * _window(), axis=1)) ** 2
    logarithm = np.log10(np.maximum(power @ mel_filterbank(_MEL), _LOWEST_POWER))
    limited = np.maximum(logarithm, logarithm.max() - _RANGE)
    return np.asarray((limited + 4.0) / 4.0, dtype=np.float32)
