"""Sounds of known quality for listening tests: anchors, a spoilt clip, beeps. Knows no tests.

Source of the anchors: ITU-R BS.1534-3, "Method for the subjective assessment of intermediate quality level of audio
systems", section 5.1: the low-quality anchor is the reference low-passed at 3.5 kHz (at most 0.1 dB of ripple below,
at least 25 dB of attenuation at 4 kHz and 50 dB at 4.5 kHz), the mid-quality anchor is low-passed at 7 kHz.
"""

import numpy as np

# scipy.signal is loaded on use: it takes as long as torch, and most that is done with recordings does without it.
import scipy
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError

LOW_ANCHOR, MID_ANCHOR = 3_500.0, 7_000.0
"""Cut-off frequencies in Hz."""
_TRANSITION = 500.0
_ATTENUATION = 60.0
_SPOILT_CUTOFF = 1_200.0
_BEEP_SECONDS, _GAP_SECONDS, _BEEP_HERTZ = 0.25, 0.35, 880.0
_BEEP_LEVEL, _RAMP_SECONDS = 0.2, 0.01


def low_pass(waveform: Waveform, cutoff: float) -> Waveform:
    """Return the waveform without what lies more than 500 Hz above ``cutoff`` Hz, and not delayed.

    A linear-phase filter with a Kaiser window: 60 dB of attenuation, 0.01 dB of ripple.

    Raises
    ------
    AudioError
        If the sample rate is so low that nothing would be removed.
    """
    rate = waveform.sample_rate
    if cutoff + _TRANSITION >= rate / 2:
        least = round(2 * (cutoff + _TRANSITION))
        raise AudioError(
            f"a low-pass at {cutoff:g} Hz changes nothing at {rate} Hz",
            hint=f"use recordings of more than {least} Hz",
        )
    count, beta = scipy.signal.kaiserord(_ATTENUATION, _TRANSITION / (rate / 2))
    taps = scipy.signal.firwin(count | 1, cutoff + _TRANSITION / 2, window=("kaiser", beta), fs=rate)
    filtered = scipy.signal.fftconvolve(waveform.samples.astype(np.float64), taps, mode="same")
    return Waveform(_of_length(filtered, waveform.samples.size), rate)


def spoil(waveform: Waveform, *, seed: int) -> Waveform:
    """Return speech that nobody can call good: muffled at 1.2 kHz, clipped, and under noise of its own power."""
    muffled = low_pass(waveform, _SPOILT_CUTOFF).samples.astype(np.float64)
    power = float(np.sqrt(np.mean(np.square(muffled)))) or 1e-3
    clipped = np.clip(muffled, -power, power)
    noise = np.random.default_rng(seed).normal(0.0, power, muffled.size)
    spoilt = clipped + noise
    return Waveform((0.5 * spoilt / np.abs(spoilt).max()).astype(np.float32), waveform.sample_rate)


def beeps(count: int, sample_rate: int) -> Waveform:
    """Return so many beeps of 880 Hz with a pause after each."""
    times = np.arange(round(_BEEP_SECONDS * sample_rate)) / sample_rate
    ramp = np.clip(np.minimum(times, times[::-1]) / _RAMP_SECONDS, 0.0, 1.0)
    beep = _BEEP_LEVEL * ramp * np.sin(2.0 * np.pi * _BEEP_HERTZ * times)
    one = np.concatenate([beep, np.zeros(round(_GAP_SECONDS * sample_rate))])
    return Waveform(np.tile(one, count).astype(np.float32), sample_rate)


def _of_length(samples: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Return the middle of what a filter longer than its input gives."""
    start = (samples.size - size) // 2
    return np.ascontiguousarray(samples[start : start + size], dtype=np.float32)
