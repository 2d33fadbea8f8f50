"""Loudness as broadcasters measure it. Knows nothing of files.

Source: ITU-R BS.1770-4, "Algorithms to measure audio programme loudness"; EBU R 128.
"""

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform

_BLOCK_SECONDS, _STEP_SECONDS = 0.4, 0.1
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OFFSET = -0.691
_TOP = 0.99
_LIMIT_SECONDS = 0.01
_MOST_LIMITING = 2.0
_LIMITINGS = 3
_PIECE_SECONDS = 60.0


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
    """Return the waveform at a loudness in LUFS; silence stays what it is.

    Peaks that would not fit are turned down by up to 6 dB, and what needs more than that stays as loud as it fits.
    """
    present = loudness(waveform)
    if not np.isfinite(present):
        return waveform
    peak = float(np.abs(waveform.samples).max(initial=0.0))
    loudest, gain = _TOP / peak, 10.0 ** ((wanted - present) / 20.0)
    if gain <= loudest:
        return Waveform(waveform.samples * np.float32(gain), waveform.sample_rate)
    # What is taken from the peaks is missing in the whole, and given back by a little more gain.
    for _ in range(_LIMITINGS):
        gain = min(gain, loudest * _MOST_LIMITING)
        limited = limit_peaks(Waveform(waveform.samples * np.float32(gain), waveform.sample_rate), _TOP)
        gain *= 10.0 ** ((wanted - loudness(limited)) / 20.0)
    return limited


def limit_peaks(waveform: Waveform, top: float) -> Waveform:
    """Return the waveform with no sample beyond ``top``, turned down smoothly within 10 ms around each that was.

    The gain is the mean, over 10 ms, of the least gain that is needed within 10 ms: never more than what a sample
    needs, because each term of its mean has seen that sample (on look-ahead: Giannoulis, Massberg and Reiss, "Digital
    dynamic range compressor design", J. Audio Eng. Soc. 60(6), 2012).
    """
    samples = waveform.samples.astype(np.float64)
    needed = np.minimum(1.0, top / np.maximum(np.abs(samples), top))
    width = 2 * round(_LIMIT_SECONDS * waveform.sample_rate / 2.0) + 1
    gain = _windows(_windows(needed, width).min(axis=1), width).mean(axis=1)
    # The mean rounds.
    limited = np.clip(samples * gain, -top, top)
    return Waveform(limited.astype(np.float32), waveform.sample_rate)


def _windows(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the values about each value, shape (N, width); the first and last one continue beyond the ends."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(values, width // 2, mode="edge"), width)


def _weight(waveform: Waveform) -> NDArray[np.float64]:
    """Return the samples after the K-weighting's shelf and high-pass, whose analogue prototypes fit any rate."""
    # By their frequency response, piece by piece: what the filters remember has decayed by e^-239 after a second. A
    # library of filters would take longer to load than a sentence takes to speak.
    rate, size = waveform.sample_rate, waveform.samples.size
    piece = round(_PIECE_SECONDS * rate)
    padded = np.concatenate([np.zeros(rate), waveform.samples.astype(np.float64)])
    weighted = np.empty(size)
    for start in range(0, size, piece):
        stop = min(start + piece, size)
        # A second before it is heard too, and one after it stays empty, where the filters ring out.
        count = stop - start + 2 * rate
        spectrum = np.fft.rfft(padded[start : stop + rate], count) * _response(rate, count)
        weighted[start:stop] = np.fft.irfft(spectrum, count)[rate : rate + stop - start]
    return weighted


def _response(rate: int, count: int) -> NDArray[np.complex128]:
    """Return the response of both filters at the frequencies of a DFT of ``count`` samples."""
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(count))
    over, under = np.ones_like(delay), np.ones_like(delay)
    for numerator, denominator in (_shelf(rate), _high_pass(rate)):
        over *= numerator[0] + delay * (numerator[1] + delay * numerator[2])
        under *= denominator[0] + delay * (denominator[1] + delay * denominator[2])
    response: NDArray[np.complex128] = over / under
    return response


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
