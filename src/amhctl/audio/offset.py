"""The offset of a recording, and the recording without it: what a sound card adds that is too slow to be heard.

A filter takes it away, not the subtraction of its mean: where a sound card settles after it was switched on, the offset
fades within a second, and subtracting its mean would give the rest an offset that it had not. Knows samples only.
"""

import importlib
from dataclasses import replace

import numpy as np

from amhctl.audio.waveform import Waveform

HIGH_PASS_HERTZ = 20.0
"""Below which everything is offset: the lowest voice is at about 60 Hz, and loses 2 % there."""
_RUMBLE_HERTZ = 70.0
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
    """Return the waveform without what is too slow to be heard.

    One of fewer than ten samples, or of a rate that holds nothing above, is returned as it is.
    """
    return _high_passed(waveform, HIGH_PASS_HERTZ)


def without_rumble(waveform: Waveform) -> Waveform:
    """Return the waveform without rumble, breath and most of the hum of 50 Hz, to find where the voice begins and ends.

    A low voice keeps its partials and loses a part of its fundamental: this is to measure, not to listen to.
    """
    return _high_passed(waveform, _RUMBLE_HERTZ)


def _high_passed(waveform: Waveform, hertz: float) -> Waveform:
    # Forth and back, so that nothing is moved in time.
    if waveform.samples.size < _FEWEST_SAMPLES or waveform.sample_rate <= 2.0 * hertz:
        return waveform
    # On use: who only speaks waits for no scipy.
    signal = importlib.import_module("scipy.signal")
    sections = signal.butter(_POLES, hertz, "highpass", fs=waveform.sample_rate, output="sos")
    filtered = signal.sosfiltfilt(sections, waveform.samples.astype(np.float64))
    return replace(waveform, samples=filtered.astype(np.float32))
