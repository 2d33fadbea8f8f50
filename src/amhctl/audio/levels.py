"""Levels of speech: how loud, how noisy, how clipped. Arithmetic on samples only."""

import math

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError

FRAME_SECONDS = 0.025
"""Of what a level is measured of; a frame is a whole number of samples."""
_SILENCE_POWER = 1e-12
_DIGITAL_SILENCE = -100.0
_INAUDIBLE = -90.0
_FLAT_SAMPLES = 3
# Half of the least significant bit of 16, as a share of full scale.
_FLAT_SLACK = 2.0**-16
# A lossy codec bends what was clipped before it, so that full scale is reached but not kept.
_FULL_SCALE = 0.9995
_OVER_NOISE = 6.0
_UNDER_SPEECH = 12.0
_DOUBTFUL_RATIO = 15.0
_COLOUR = 10.0
# A mouse or a tongue clicks within two frames. So does a stop; the closure before it, doubled, lasts less than 0.2 s.
_FEWEST_FRAMES = 3
_NEAR_FRAMES = 8
# Breath, a moved chair or a settling sound card at the edge of a recording: of 34 such sounds in two corpora 26 lay
# more than 8 dB under the speech, none of which was speech; 15 leaves room for a last word that fades.
_FAR_FRAMES = 40
_BRIEF_FRAMES = 20
_FAINT = 15.0


def frame_samples(sample_rate: int) -> int:
    """Return how many samples a frame has."""
    return max(1, round(FRAME_SECONDS * sample_rate))


def frame_levels(waveform: Waveform) -> NDArray[np.float64]:
    """Return the level of each 25 ms frame in dBFS, shape (frames,); a shorter waveform is one frame."""
    size = frame_samples(waveform.sample_rate)
    samples = waveform.samples.astype(np.float64)
    whole = samples.size // size * size
    frames = samples[:whole].reshape(-1, size) if whole else samples.reshape(1, -1)
    levels: NDArray[np.float64] = 10.0 * np.log10(np.mean(np.square(frames), axis=1) + _SILENCE_POWER)
    return levels


def speech_level(waveform: Waveform) -> float:
    """Return the level of the speech in dBFS: the 90th percentile of the frame levels, which pauses do not move."""
    return speech_level_of(frame_levels(waveform))


def speech_level_of(levels: NDArray[np.float64]) -> float:
    """Return the level of the speech in dBFS, from the levels of its frames."""
    return _quantile(levels, 0.9)


def _quantile(values: NDArray[np.float64], share: float) -> float:
    """Return what ``np.quantile`` returns for one share, without loading masked arrays, which speaking would wait for.

    Raises
    ------
    IndexError
        If there are no values.
    """
    ordered = np.sort(values)
    place = share * (ordered.size - 1)
    below = math.floor(place)
    low, high = float(ordered[below]), float(ordered[min(below + 1, ordered.size - 1)])
    part, step = place - below, high - low
    # Values that are no numbers come last.
    if math.isnan(ordered[-1]):
        return math.nan
    return low + step * part if part < 0.5 else high - step * (1.0 - part)


def set_speech_level(waveform: Waveform, level: float, *, peak: float = 0.98) -> Waveform:
    """Return the waveform without DC offset, scaled to a ``speech_level`` of ``level`` dBFS.

    The level stays lower where a sample would otherwise exceed ``peak``.
    """
    samples = waveform.samples - waveform.samples.mean(dtype=np.float64).astype(np.float32)
    largest = float(np.abs(samples).max(initial=0.0))
    if largest == 0.0:
        return waveform
    centred = frame_levels(Waveform(samples, waveform.sample_rate))
    gain = speech_gain(centred, level, largest=largest, peak=peak)
    return Waveform((samples * np.float32(gain)).astype(np.float32), waveform.sample_rate)


def speech_gain(levels: NDArray[np.float64], level: float, *, largest: float, peak: float = 0.98) -> float:
    """Return the factor that brings speech of these frame levels to ``level`` and no sample over ``peak``."""
    return float(min(10.0 ** ((level - speech_level_of(levels)) / 20.0), peak / largest))


def peak(waveform: Waveform) -> float:
    """Return the largest magnitude of a sample."""
    return float(np.abs(waveform.samples).max(initial=0.0))


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


def full_scale_share(waveform: Waveform) -> float:
    """Return the share of samples that lie at full scale or over it."""
    return float((np.abs(waveform.samples) >= _FULL_SCALE).mean()) if waveform.samples.size else 0.0


def signal_to_noise(waveform: Waveform) -> float:
    """Return an estimate of the signal-to-noise ratio in dB: the speech level over the level of the pauses.

    The pauses are the quietest tenth of the frames that are not digitally silent. Speech without pauses has none; where
    the ratio comes out low, the floor of the spectrum between the partials is asked too, with ``_COLOUR`` dB for noise
    that is not white, and the milder answer holds.
    """
    frame_db = frame_levels(waveform)
    return signal_to_noise_of(frame_db, floor_levels(waveform) if has_doubtful_pauses(frame_db) else frame_db[:0])


def has_doubtful_pauses(levels: NDArray[np.float64]) -> bool:
    """Return whether the levels of the frames alone do not tell the speech from the noise."""
    sounding = levels[levels > _DIGITAL_SILENCE]
    return bool(sounding.size) and _range_of(sounding) <= _DOUBTFUL_RATIO


def signal_to_noise_of(levels: NDArray[np.float64], floors: NDArray[np.float64]) -> float:
    """Return the estimate of the signal-to-noise ratio in dB, from frames' levels and, if doubtful, their floors."""
    sounding = levels[levels > _DIGITAL_SILENCE]
    if sounding.size == 0:
        return 0.0
    ratio = _range_of(sounding)
    if ratio > _DOUBTFUL_RATIO:
        return ratio
    audible = floors[floors > _DIGITAL_SILENCE]
    floor = float(np.quantile(audible, 0.1)) if audible.size else _DIGITAL_SILENCE
    return max(ratio, float(np.quantile(sounding, 0.9)) - floor - _COLOUR)


def _range_of(sounding: NDArray[np.float64]) -> float:
    return float(np.quantile(sounding, 0.9)) - float(np.quantile(sounding, 0.1))


def floor_levels(waveform: Waveform) -> NDArray[np.float64]:
    """Return the level of white noise whose spectrum has the median power of each frame, shape (frames,)."""
    size = max(2, frame_samples(waveform.sample_rate))
    whole = waveform.samples.size // size * size
    if not whole:
        return frame_levels(waveform)
    window = np.hanning(size)
    spectra = np.fft.rfft(waveform.samples[:whole].reshape(-1, size) * window, axis=1)
    # The median of an exponential distribution is ln 2 of its mean.
    power = np.median(np.square(np.abs(spectra)), axis=1) / np.log(2.0) / np.square(window).sum()
    levels: NDArray[np.float64] = 10.0 * np.log10(power + _SILENCE_POWER)
    return levels


def silent_edges(waveform: Waveform, *, below: float = 35.0) -> tuple[float, float]:
    """Return the seconds before the first and after the last frame within ``below`` dB of the speech level.

    A recording's own noise can lie higher than that; the threshold is then 6 dB above its pauses, but never so near to
    the speech level that speech without pauses would count as silence. A click, which is over within two frames and has
    silence around it, is no speech; nor is a faint sound of less than half a second, one second or more away from it.
    """
    frame = frame_samples(waveform.sample_rate) / waveform.sample_rate
    return silent_edges_of(frame_levels(waveform), frame, float(waveform.duration), below=below)


def silent_edges_of(
    levels: NDArray[np.float64], frame: float, duration: float, *, below: float = 35.0
) -> tuple[float, float]:
    """Return the seconds of silence at the edges, from the levels of frames of ``frame`` seconds each."""
    sounding = _sounding_frames(levels, below)
    if sounding.size == 0:
        return duration, duration
    return float(sounding[0]) * frame, max(0.0, duration - (float(sounding[-1]) + 1.0) * frame)


def longest_pause(waveform: Waveform, *, below: float = 35.0) -> float:
    """Return the seconds of the longest silence between the first and the last frame that sound, as `silent_edges`."""
    frame = frame_samples(waveform.sample_rate) / waveform.sample_rate
    return longest_pause_of(frame_levels(waveform), frame, below=below)


def longest_pause_of(levels: NDArray[np.float64], frame: float, *, below: float = 35.0) -> float:
    """Return the seconds of the longest silence within, from the levels of frames of ``frame`` seconds each."""
    return float(np.diff(_sounding_frames(levels, below)).max(initial=1) - 1) * frame


def sounding_seconds(waveform: Waveform, *, below: float = 35.0) -> float:
    """Return how many seconds of a waveform sound, clicks and pauses not counted, by the measure of `silent_edges`.

    Where speech is less than a tenth of it, its level is that which half a second reaches.
    """
    frame = frame_samples(waveform.sample_rate) / waveform.sample_rate
    sounding = _sounding_frames(frame_levels(waveform), below, level_of_half_a_second(waveform))
    return min(sounding.size * frame, float(waveform.duration))


def level_of_half_a_second(waveform: Waveform) -> float:
    """Return the level in dBFS that half a second of a waveform reaches, or a tenth of one of less than 5 s."""
    levels = np.sort(frame_levels(waveform))[::-1]
    return float(levels[min(_BRIEF_FRAMES, max(1, levels.size // 10)) - 1])


def _sounding_frames(levels: NDArray[np.float64], below: float, speech: float | None = None) -> NDArray[np.intp]:
    speech = speech_level_of(levels) if speech is None else speech
    over_noise = min(float(np.quantile(levels, 0.05)) + _OVER_NOISE, speech - _UNDER_SPEECH)
    threshold = max(speech - below, over_noise)
    sounding = _without_clicks(np.flatnonzero(levels > min(threshold, float(levels.max()) - 1e-9)))
    return _without_faint_edges(sounding, levels, speech - _FAINT)


def _without_clicks(frames: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the frames without groups of fewer than three that stand alone; all of them if there are no others."""
    groups = np.cumsum(np.diff(frames, prepend=frames[:1]) > _NEAR_FRAMES)
    kept = frames[np.bincount(groups)[groups] >= _FEWEST_FRAMES] if frames.size else frames
    return kept if kept.size else frames


def _without_faint_edges(frames: NDArray[np.intp], levels: NDArray[np.float64], faint: float) -> NDArray[np.intp]:
    """Return the frames without brief groups at either edge, far from the others, whose loudest frame is faint."""
    groups = np.split(frames, np.flatnonzero(np.diff(frames) > _FAR_FRAMES) + 1)

    def is_stray(group: NDArray[np.intp]) -> bool:
        return bool(len(groups) > 1 and group.size < _BRIEF_FRAMES and levels[group].max() < faint)

    while is_stray(groups[0]):
        del groups[0]
    while is_stray(groups[-1]):
        del groups[-1]
    return np.concatenate(groups)


def trim_silence(waveform: Waveform, *, below: float = 35.0) -> Waveform:
    """Return a waveform without its silent edges, one 25 ms frame of margin kept.

    Speech keeps within about 35 dB of its loudest parts; in a quiet room the noise lies well below that, and breaths
    and plosive onsets above it.

    Raises
    ------
    AudioError
        If nothing in it is louder than digital silence.
    """
    levels = frame_levels(waveform)
    loud = np.flatnonzero(levels > max(speech_level_of(levels) - below, _INAUDIBLE))
    if not loud.size:
        raise AudioError("the clip is silent")
    size = frame_samples(waveform.sample_rate)
    first = max(0, int(loud[0]) - 1) * size
    end = waveform.samples.size if loud[-1] >= levels.size - 2 else (int(loud[-1]) + 2) * size
    return Waveform(waveform.samples[first:end].copy(), waveform.sample_rate)
