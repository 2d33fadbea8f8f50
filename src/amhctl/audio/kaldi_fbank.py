"""Log-mel energies as Kaldi computes them (``compute-fbank-feats``), for networks that were trained on them.

Source: D. Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011, and its feature extraction. No dither.

Shapes: ``N samples, T frames, K frequency bins, F mel bins``.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from amhctl.core.errors import AudioError

SAMPLE_RATE = 16_000
BINS = 80
HOP_SAMPLES = 160
_WINDOW_SAMPLES = 400
_FFT_SAMPLES = 512
_PREEMPHASIS = 0.97
_LOW_HERTZ, _HIGH_HERTZ = 20.0, 8_000.0
_FLOOR = float(np.finfo(np.float32).eps)


def kaldi_fbank(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 80 log-mel energies of each frame, shape (T, F): frames of 25 ms every 10 ms, whole ones only.

    Parameters
    ----------
    samples : NDArray[np.float32]
        Shape (N,), at 16 kHz, on whatever scale the network was trained on.

    Raises
    ------
    AudioError
        If there is not a whole frame.
    """
    if samples.size < _WINDOW_SAMPLES:
        raise AudioError(f"{samples.size} samples are less than one frame of {_WINDOW_SAMPLES}")
    frames_TN = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW_SAMPLES)[::HOP_SAMPLES]
    frames_TN = frames_TN - frames_TN.mean(axis=1, keepdims=True, dtype=np.float32)
    # The first sample has no predecessor: it counts as its own.
    before_TN = np.concatenate([frames_TN[:, :1], frames_TN[:, :-1]], axis=1)
    windowed_TN = (frames_TN - np.float32(_PREEMPHASIS) * before_TN) * _window()
    power_TK = np.square(np.abs(scipy.fft.rfft(windowed_TN, n=_FFT_SAMPLES, axis=1)))
    energies_TF: NDArray[np.float32] = np.log(np.maximum(power_TK @ _filters(), np.float32(_FLOOR)))
    return energies_TF.astype(np.float32, copy=False)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    """Return Povey's window: a symmetric Hann window to the power of 0.85."""
    places = np.arange(_WINDOW_SAMPLES) / (_WINDOW_SAMPLES - 1)
    window: NDArray[np.float32] = ((0.5 - 0.5 * np.cos(2.0 * np.pi * places)) ** 0.85).astype(np.float32)
    return window


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """Return triangles of the same width on the mel scale, shape (K, F)."""

    def to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(hertz / 700.0)

    low, high = to_mel(np.array([_LOW_HERTZ, _HIGH_HERTZ]))
    edges = np.linspace(low, high, BINS + 2)
    places_K1 = to_mel(np.linspace(0.0, SAMPLE_RATE / 2, _FFT_SAMPLES // 2 + 1))[:, None]
    rising = (places_K1 - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - places_K1) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float32] = np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)
    return filters
