"""A recording without its offset: what a sound card adds that is too slow to be heard. Knows samples only.

A filter takes it away, not the subtraction of its mean: where a sound card settles after it was switched on, the offset
fades within a second, and subtracting its mean would give the rest an offset that it had not.
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


def without_offset(waveform: Waveform) -> Waveform:
    """Return the waveform through a high-pass filter, forth and back, so that nothing is moved in time.

    One of fewer than ten samples is returned as it is.
    """
    if waveform.samples.size < _FEWEST_SAMPLES:
        return waveform
    sections = butter(_POLES, HIGH_PASS_HERTZ, "highpass", fs=waveform.sample_rate, output="sos")
    return replace(waveform, samples=sosfiltfilt(sections, waveform.samples.astype(np.float64)).astype(np.float32))
