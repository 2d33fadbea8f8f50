"""The offset of a recording, and the recording without it: what a sound card adds that is too slow to be heard.

A filter takes it away, not the subtraction of its mean: where a sound card settles after it was switched on, the offset
fades within a second, and subtracting its mean would give the rest an offset that it had not. Knows samples only.
"""

from dataclasses import replace

import numpy as np
from scipy.signal import butter, sosfiltfilt

from amhctl.audio.waveform import Waveform

HIGH_PASS_HERTZ = 20.0
"""Below which everything is offset: the lowest voice is at about 60 Hz, and loses 2 % there."""
_POLES = 2
# What the filter needs on either side, by scipy's rule for one section of two poles.
_FEWEST_SAMPLES = 10


def largest_offset(waveform: Waveform) -> float:
    """Return the mean of that second whose mean is farthest from zero; of a shorter waveform, of all of it.

    An offset that stands is in every second, one that fades in the first.
    """
    seconds = max(1, waveform.samples.size // waveform.sample_rate)
    means = [float(part.mean(dtype=np.float64)) for part in np.array_split(waveform.samples, seconds) if part.size]
    return max(means, key=abs, default=0.0)


def without_offset(waveform: Waveform) -> Waveform:
    """Return the waveform through a high-pass filter, forth and back, so that nothing is moved in time.

    One of fewer than ten samples is returned as it is.
    """
    if waveform.samples.size < _FEWEST_SAMPLES:
        return waveform
    sections = butter(_POLES, HIGH_PASS_HERTZ, "highpass", fs=waveform.sample_rate, output="sos")
    return replace(waveform, samples=sosfiltfilt(sections, waveform.samples.astype(np.float64)).astype(np.float32))
