"""Levels of speech: how loud, how noisy, how clipped. Arithmetic on samples only."""

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform

_FRAME_SECONDS = 0.025
_SILENCE_POWER = 1e-12
_DIGITAL_SILENCE = -100.0
_FLAT_SAMPLES = 3
# Half of the least significant bit of 16, as a share of full scale.
_FLAT_SLACK = 2.0**-16
# A lossy codec bends what was clipped before it, so that full scale is reached but not kept.
_FULL_SCALE = 0.9995
_OVER_NOISE = 6.0


def frame_levels(waveform: Waveform) -> NDArray[np.float64]:
    """Return the level of each 25 ms frame in dBFS, shape (frames,); a shorter waveform is one frame."""
    size = max(1, round(_FRAME_SECONDS * waveform.sample_rate))
    samples = waveform.samples.astype(np.float64)
    whole = samples.size // size * size
    frames = samples[:whole].reshape(-1, size) if whole else samples.reshape(1, -1)
    levels: NDArray[np.float64] = 10.0 * np.log10(np.mean(np.square(frames), axis=1) + _SILENCE_POWER)
    return levels


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


def peak(waveform: Waveform) -> float:
    """Return the largest magnitude of a sample."""
    return float(np.abs(waveform.samples).max(initial=0.0))


def rms_level(waveform: Waveform) -> float:
    """Return the root-mean-square level in dBFS, pauses included."""
    return float(10.0 * np.log10(np.mean(np.square(waveform.samples.astype(np.float64))) + _SILENCE_POWER))


def dc_offset(waveform: Waveform) -> float:
    """Return the mean of the samples."""
    return float(waveform.samples.mean(dtype=np.float64))


def clipped_share(waveform: Waveform) -> float:
    """Return the share of samples that are clipped: at full scale, or in a flat run of three or more at the peak.

    The flat runs find a recording that was clipped before it was turned down. Three in a row, because a sine's own
    crest can hold two equal samples of 16 bits.
    """
    samples = waveform.samples
    top = peak(waveform)
    if top == 0.0 or samples.size < _FLAT_SAMPLES:
        return 0.0
    at_top = np.abs(samples) >= top * (1.0 - _FLAT_SLACK)
    # Only runs of one sign: two neighbouring crests of opposite sign are no plateau.
    same = at_top[1:] & at_top[:-1] & (samples[1:] * samples[:-1] > 0)
    runs = same[1:] & same[:-1]
    flat = np.abs(samples) >= _FULL_SCALE
    for shift in range(_FLAT_SAMPLES):
        flat[shift : shift + runs.size] |= runs
    return float(flat.mean())


def signal_to_noise(waveform: Waveform) -> float:
    """Return an estimate of the signal-to-noise ratio in dB: the speech level over the level of the pauses.

    The pauses are the 10th percentile of the frames that are not digitally silent; speech without any pause is
    underestimated, which is why a low value is a warning and never an error.
    """
    levels = frame_levels(waveform)
    sounding = levels[levels > _DIGITAL_SILENCE]
    if sounding.size == 0:
        return 0.0
    return float(np.quantile(sounding, 0.9) - np.quantile(sounding, 0.1))


def silent_edges(waveform: Waveform, *, below: float = 35.0) -> tuple[float, float]:
    """Return the seconds before the first and after the last frame within ``below`` dB of the speech level.

    A recording's own noise can lie higher than that; the threshold is then 6 dB above its pauses.
    """
    levels = frame_levels(waveform)
    threshold = max(float(np.quantile(levels, 0.9)) - below, float(np.quantile(levels, 0.05)) + _OVER_NOISE)
    sounding = np.flatnonzero(levels > min(threshold, float(levels.max()) - 1e-9))
    if sounding.size == 0:
        return float(waveform.duration), float(waveform.duration)
    seconds = max(1, round(_FRAME_SECONDS * waveform.sample_rate)) / waveform.sample_rate
    before = float(sounding[0]) * seconds
    return before, max(0.0, float(waveform.duration) - (float(sounding[-1]) + 1.0) * seconds)
