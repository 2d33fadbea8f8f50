"""Log-mel spectrograms and cepstra in numpy, for features on disk and for measurements. Knows nothing of files.

Shapes: ``N samples, T frames, K frequency bins, F mel bins``.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from amhctl.config.mel import MelConfig

_LOG_FLOOR = 1e-5
_BLOCK_FRAMES = 4_096
_BREAK_HERTZ = 1_000.0
_LINEAR_STEP = 200.0 / 3.0
_LOG_STEP = np.log(6.4) / 27.0


def _to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_HERTZ / _LINEAR_STEP + np.log(np.maximum(hertz, 1e-9) / _BREAK_HERTZ) / _LOG_STEP
    return np.where(hertz >= _BREAK_HERTZ, logarithmic, hertz / _LINEAR_STEP)


def _to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_HERTZ * np.exp(_LOG_STEP * (mel - _BREAK_HERTZ / _LINEAR_STEP))
    return np.where(mel >= _BREAK_HERTZ / _LINEAR_STEP, logarithmic, mel * _LINEAR_STEP)


@lru_cache(maxsize=16)
def mel_filterbank(config: MelConfig) -> NDArray[np.float32]:
    """Return the Slaney mel filterbank, shape (K, F): linear below 1 kHz, logarithmic above, unit area per filter.

    Source: M. Slaney, Auditory Toolbox (1998), as in librosa's default.
    """
    band = _to_mel(np.array([config.low_hertz, config.high_hertz]))
    edges = _to_hertz(np.linspace(band[0], band[1], config.bins + 2))
    frequencies = np.linspace(0.0, config.sample_rate / 2, config.fft_samples // 2 + 1)
    rising = (frequencies[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(np.minimum(rising, falling), 0.0)
    filters: NDArray[np.float32] = (triangles * (2.0 / (edges[2:] - edges[:-2]))).astype(np.float32)
    filters.flags.writeable = False
    return filters


def log_mel(samples: NDArray[np.float32], config: MelConfig) -> NDArray[np.float32]:
    """Return the natural-log mel spectrogram, shape (1 + N // hop, F).

    Centred Hann STFT with zeros beyond the edges, magnitude, Slaney filterbank, floor 1e-5: what ``nn.spectral.LogMel``
    computes, within rounding.

    Parameters
    ----------
    samples : NDArray[np.float32]
        Shape (N,), at ``config.sample_rate``; at least one sample.
    config : MelConfig
        Sizes and band.
    """
    fft, window_size, hop = config.fft_samples, config.window_samples, config.hop_samples
    window = np.zeros(fft, dtype=np.float32)
    left = (fft - window_size) // 2
    window[left : left + window_size] = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window_size) / window_size)
    padded = np.pad(samples.astype(np.float32, copy=False), fft // 2)
    count = 1 + samples.size // hop
    # An odd transform leaves one sample too few for the last frame.
    padded = np.pad(padded, (0, max(0, (count - 1) * hop + fft - padded.size)))
    frames_TN = np.lib.stride_tricks.sliding_window_view(padded, fft)[::hop][:count]
    filters_KF = mel_filterbank(config)
    result_TF = np.empty((count, config.bins), dtype=np.float32)
    # In blocks, so that an hour of audio needs no more memory than a minute.
    for start in range(0, count, _BLOCK_FRAMES):
        block = slice(start, start + _BLOCK_FRAMES)
        magnitude_TK = np.abs(scipy.fft.rfft(frames_TN[block] * window, axis=1))
        result_TF[block] = np.log(np.maximum(magnitude_TK @ filters_KF, _LOG_FLOOR))
    return result_TF


def mfcc(samples: NDArray[np.float32], config: MelConfig, *, count: int = 13) -> NDArray[np.float32]:
    """Return mel cepstra, shape (1 + N // hop, count): the first ``count`` orthonormal DCT-II terms of ``log_mel``.

    Coefficient 0 is the level; distances of timbre leave it out.
    """
    cepstra: NDArray[np.float32] = scipy.fft.dct(log_mel(samples, config), type=2, norm="ortho", axis=1)[:, :count]
    return cepstra
