"""Loudness as broadcasters measure it. Knows nothing of files.

Source: ITU-R BS.1770-4, "Algorithms to measure audio programme loudness"; EBU R 128.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from amhctl.audio.waveform import Waveform

_BLOCK_SECONDS, _STEP_SECONDS = 0.4, 0.1
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OFFSET = -0.691
_TOP = 0.99


def loudness(waveform: Waveform) -> float:
    """Return the integrated loudness in LUFS; minus infinity where nothing is loud enough to count."""
    weighted = _weight(waveform)
    size, step = round(_BLOCK_SECONDS * waveform.sample_rate), round(_STEP_SECONDS * waveform.sample_rate)
    if weighted.size < size:
        weighted = np.pad(weighted, (0, size - weighted.size))
    powers = np.square(np.lib.stride_tricks.sliding_window_view(weighted, size)[::step]).mean(axis=1)
    with np.errstate(divide="ignore"):
        levels = _OFFSET + 10.0 * np.log10(powers)
        loud = powers[levels > _ABSOLUTE_GATE]
        if not loud.size:
            return float("-inf")
        gate = _OFFSET + 10.0 * np.log10(loud.mean()) + _RELATIVE_GATE
        kept = powers[levels > max(gate, _ABSOLUTE_GATE)]
        return float(_OFFSET + 10.0 * np.log10(kept.mean()))


def set_loudness(waveform: Waveform, wanted: float) -> Waveform:
    """Return the waveform at a loudness in LUFS, or as near as its peaks allow; silence stays what it is."""
    present = loudness(waveform)
    if not np.isfinite(present):
        return waveform
    gain = 10.0 ** ((wanted - present) / 20.0)
    peak = float(np.abs(waveform.samples).max(initial=0.0))
    gain = min(gain, _TOP / peak)
    return Waveform(waveform.samples * np.float32(gain), waveform.sample_rate)


def _weight(waveform: Waveform) -> NDArray[np.float64]:
    """Return the samples behind the K-weighting's shelf and high-pass, whose analogue prototypes fit any rate."""
    samples = waveform.samples.astype(np.float64)
    for numerator, denominator in (_shelf(waveform.sample_rate), _high_pass(waveform.sample_rate)):
        samples = lfilter(numerator, denominator, samples)
    return samples


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    """Return the head's high shelf: 4 dB above 1,682 Hz (De Man, "Evaluation of implementations of the EBU R128")."""
    tangent, quality = np.tan(np.pi * 1_681.974450955533 / rate), 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    middle = high**0.4996667741545416
    whole = 1.0 + tangent / quality + tangent**2
    return (
        [
            (high + middle * tangent / quality + tangent**2) / whole,
            2.0 * (tangent**2 - high) / whole,
            (high - middle * tangent / quality + tangent**2) / whole,
        ],
        [1.0, 2.0 * (tangent**2 - 1.0) / whole, (1.0 - tangent / quality + tangent**2) / whole],
    )


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    """Return the second stage: nothing below 38 Hz counts."""
    tangent, quality = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    whole = 1.0 + tangent / quality + tangent**2
    return [1.0, -2.0, 1.0], [1.0, 2.0 * (tangent**2 - 1.0) / whole, (1.0 - tangent / quality + tangent**2) / whole]
