"""What the spectrum of a recording gives away: where its band really ends, and mains hum. Knows samples only."""

import numpy as np
import soxr
from numpy.typing import NDArray

from amhctl.audio.levels import frame_levels
from amhctl.audio.waveform import Waveform

_BAND_HERTZ = 100.0
_BAND_WINDOW_SECONDS = 0.04
_SILENCE_POWER = 1e-12
# Neighbouring stretches of 500 Hz on both sides of an edge, with a gap of 200 Hz for the slope of the filter.
_SIDE_BANDS = 5
_GAP_BANDS = 2
# A telephone ends at 3.4 kHz (ITU-T G.712).
_LOWEST_EDGE_HERTZ = 3_200.0
# A resampling or coding filter falls by more within 400 Hz than speech does anywhere above 3 kHz; with the noise of
# 16 bits above it, an edge under speech at -25 dBFS still stands out by more than that.
_EDGE_DROP = 18.0
# Above a real edge nothing comes back.
_NO_RETURN = 12.0
_QUIET_DROP = 6.0
# Above a real edge speech is no louder than its pauses: by less than 2 dB in 96 recordings that were given an edge by
# resampling, a telephone or a codec; by 28 dB in one whose formant at 3.5 kHz falls off as steeply.
_STILL = 10.0

_HUM_RATE = 1_000
_HUM_WINDOW_SECONDS = 0.5
_HUM_FEWEST_WINDOWS = 5
_HUM_HARMONICS = 4
_HUM_PROMINENCE = 15.0
_HUM_FEWEST_LINES = 2
# A line alone is hum where it is the fundamental and so clear: at 36, 42, 70 and 80 Hz, where no mains is, no recording
# of two corpora (1,931) has a line of more than 18 dB.
_HUM_LONE_PROMINENCE = 20.0
MAINS_HERTZ = (50.0, 60.0)
NO_HUM = -120.0
"""The hum level of a recording without any, in dB under its speech."""


def bandwidth(waveform: Waveform) -> float:
    """Return the frequency in Hz above which a filter has left nothing; half of the sample rate where there is no edge.

    A file that was resampled up from a lower rate, or came through a telephone or a lossy codec, has a cliff in the
    mean spectrum of its loud frames, where speech has a slope; the noise of its pauses falls down the same cliff, and
    below it lies nothing else than that noise.
    """
    nyquist = waveform.sample_rate / 2.0
    stretches = _stretches(waveform)
    if stretches.shape[0] < 2:
        return nyquist
    power = np.square(stretches, dtype=np.float64).mean(axis=1)
    loud = _band_levels(stretches[power >= np.median(power)])
    sounding = power > _SILENCE_POWER
    quiet = (
        _band_levels(stretches[sounding & (power <= np.quantile(power[sounding], 0.25))]) if sounding.any() else loud
    )
    best, edge = _EDGE_DROP, nyquist
    for band in range(round(_LOWEST_EDGE_HERTZ / _BAND_HERTZ), loud.size - _GAP_BANDS - _SIDE_BANDS + 1):
        drop = _drop(loud, band)
        returns = float(loud[band + _GAP_BANDS :].max()) > float(loud[band - _SIDE_BANDS : band].mean()) - _NO_RETURN
        speaks = _above(loud, band) > _above(quiet, band) + _STILL
        if drop > best and not returns and not speaks and _drop(quiet, band) > _QUIET_DROP:
            best, edge = drop, band * _BAND_HERTZ
    return edge


def _drop(bands: NDArray[np.float64], band: int) -> float:
    return float(bands[band - _SIDE_BANDS : band].mean()) - _above(bands, band)


def _above(bands: NDArray[np.float64], band: int) -> float:
    return float(bands[band + _GAP_BANDS : band + _GAP_BANDS + _SIDE_BANDS].mean())


def _stretches(waveform: Waveform) -> NDArray[np.float32]:
    size = max(1, round(_BAND_WINDOW_SECONDS * waveform.sample_rate))
    frames = waveform.samples.size // size
    return waveform.samples[: frames * size].reshape(frames, size)


def _band_levels(stretches: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean level of some stretches in each band of 100 Hz, in dB, shape (bands,)."""
    size = stretches.shape[1]
    bins = round(_BAND_HERTZ * _BAND_WINDOW_SECONDS)
    # Blackman's side lobes are 58 dB down: the voice's partials must not leak above the edge.
    window = np.blackman(size).astype(np.float32)
    spectra = np.square(np.abs(np.fft.rfft(stretches * window, axis=1))).mean(axis=0)
    bands = spectra.size // bins
    means = spectra[: bands * bins].reshape(bands, bins).mean(axis=1) / size
    levels: NDArray[np.float64] = 10.0 * np.log10(means + _SILENCE_POWER)
    return levels


def hum_level(waveform: Waveform) -> float:
    """Return the level of mains hum in dB relative to the speech, or ``NO_HUM``.

    A mains line stands still while the voice moves: the quietest quarter of each frequency over the time leaves the
    line and takes away the voice. It is hum if two of the first four harmonics of 50 or 60 Hz stand 15 dB over what
    lies 6 to 18 Hz beside them, or the first alone by 20 dB.
    """
    samples = soxr.resample(waveform.samples, waveform.sample_rate, _HUM_RATE, quality="LQ")
    size = round(_HUM_WINDOW_SECONDS * _HUM_RATE)
    if (samples.size - size) // (size // 2) + 1 < _HUM_FEWEST_WINDOWS:
        return NO_HUM
    window = np.blackman(size)
    stretches = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2]
    power = np.quantile(np.square(np.abs(np.fft.rfft(stretches * window, axis=1))), 0.25, axis=0)
    # The power of a sine with the amplitude a is a²/2, and its line in the spectrum (a · sum(window) / 2)².
    lines = [_line_power(power, mains) * 2.0 / np.square(window.sum()) for mains in MAINS_HERTZ]
    loudest = max(lines)
    if loudest <= 0.0:
        return NO_HUM
    return float(10.0 * np.log10(loudest) - np.quantile(frame_levels(waveform), 0.9))


def _line_power(power: NDArray[np.float64], mains: float) -> float:
    places = [round(mains * harmonic * _HUM_WINDOW_SECONDS) for harmonic in range(1, _HUM_HARMONICS + 1)]
    lines = [float(power[place]) for place in places if _prominence(power, place) > _HUM_PROMINENCE]
    if len(lines) >= _HUM_FEWEST_LINES or _prominence(power, places[0]) > _HUM_LONE_PROMINENCE:
        return sum(lines)
    return 0.0


def _prominence(power: NDArray[np.float64], place: int) -> float:
    """Return by how many dB a line stands over what is next to it; 0 where it is no line."""
    beside = float(np.median(np.concatenate([power[place - 9 : place - 3], power[place + 4 : place + 10]])))
    if power[place] <= beside or power[place] < power[place - 2 : place + 3].max():
        return 0.0
    return float(10.0 * np.log10(power[place] / (beside + _SILENCE_POWER)))
