"""Change of sample rate by a windowed sinc, sample for sample as torchaudio's ``resample`` computes it by default.

For features of networks that were trained on it; anything else is resampled by ``audio.resample``.
Source: J. O. Smith, "Digital Audio Resampling", https://ccrma.stanford.edu/~jos/resample/.

Shapes: ``N samples, M samples at the new rate, K samples under the filter, R phases of it``.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import AudioError

_ZERO_CROSSINGS = 6
_ROLLOFF = 0.99
# Blocks of input periods that are computed at once: an hour needs no more memory than a minute.
_BLOCK = 4_096


def sinc_resample(samples: NDArray[np.float32], *, old_rate: int, new_rate: int) -> NDArray[np.float32]:
    """Return a waveform at another sample rate, shape (ceil(N * new / old),).

    Raises
    ------
    AudioError
        If a rate is not positive.
    """
    if old_rate <= 0 or new_rate <= 0:
        raise AudioError(f"a sample rate must be positive, not {min(old_rate, new_rate)}")
    if old_rate == new_rate:
        return samples
    divisor = math.gcd(old_rate, new_rate)
    old, new = old_rate // divisor, new_rate // divisor
    filters_RK, edge = _filters(old, new)
    count = -(-samples.size * new // old)
    padded = np.pad(samples.astype(np.float32, copy=False), (edge, edge + old))
    windows = np.lib.stride_tricks.sliding_window_view(padded, filters_RK.shape[1])[::old]
    blocks = [windows[start : start + _BLOCK] @ filters_RK.T for start in range(0, len(windows), _BLOCK)]
    resampled: NDArray[np.float32] = np.concatenate(blocks).reshape(-1)[:count]
    return resampled


@lru_cache(maxsize=8)
def _filters(old: int, new: int) -> tuple[NDArray[np.float32], int]:
    """Return the filter of each phase, shape (R, K), and how many samples before the first one it begins."""
    # In units of the zero crossings of the sinc, whose cut-off lies a little below the lower Nyquist frequency.
    cutoff = _ROLLOFF * min(old, new)
    edge = math.ceil(_ZERO_CROSSINGS * old / cutoff)
    places_K = np.arange(-edge, edge + old, dtype=np.float64) / old
    phases_R = np.arange(new, dtype=np.float64) / new
    times_RK = np.clip((places_K - phases_R[:, None]) * cutoff, -_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    window_RK = np.cos(times_RK * np.pi / (2 * _ZERO_CROSSINGS)) ** 2
    filters_RK = np.sinc(times_RK) * window_RK * (cutoff / old)
    return filters_RK.astype(np.float32), edge
