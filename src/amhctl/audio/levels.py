"""Levels of speech: how loud, how noisy, how clipped. Arithmetic on samples only."""

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform

_FRAME_SECONDS = 0.025
_SILENCE_POWER = 1e-12


def frame_levels(waveform: Waveform) -> NDArray[np.float64]:
    """Return the level of each 25 ms frame in dBFS, shape (frames,); a shorter waveform is one frame."""
    size = max(1, round(_FRAME_SECONDS * waveform.sample_rate))
    samples = waveform.samples.astype(np.float64)
    whole = samples.size // size * size
    frames = samples[:whole].reshape(-1, size) if whole else samples.reshape(1, -1)
    return 10.0 * np.log10(np.mean(np.square(frames), axis=1) + _SILENCE_POWER)


def speech_level(waveform: Waveform) -> float:
    """Return the level of the speech in dBFS: the 90th percentile of the frame levels, which pauses do not move."""
    return float(np.quantile(frame_levels(waveform), 0.9))


def set_speech_level(waveform: Waveform, level: float, *, peak: float = 0.98) -> Waveform:
    """Return the waveform without DC offset, scaled to a ``speech_level`` of ``level`` dBFS.

    The level stays lower where a sample would otherwise exceed ``peak``.
    """
    samples = waveform.samples - waveform.samples.mean(dtype=np.float64).astype(np.float32)
    largest = float(np.abs(samples).max(initial=0.0))
    if largest == 0.0:
        return waveform
    centred = Waveform(samples, waveform.sample_rate)
    gain = min(10.0 ** ((level - speech_level(centred)) / 20.0), peak / largest)
    return Waveform((samples * np.float32(gain)).astype(np.float32), waveform.sample_rate)
