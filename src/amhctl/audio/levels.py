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

    The pauses are the quietest tenth of the frames that are not digitally silent. Speech without pauses has none; where
    the ratio comes out low, the floor of the spectrum between the partials is asked too, with ``_COLOUR`` dB for noise
    that is not white, and the milder answer holds.
    """
    frame_db = frame_levels(waveform)
    sounding = frame_db[frame_db > _DIGITAL_SILENCE]
    if sounding.size == 0:
        return 0.0
    speech = float(np.quantile(sounding, 0.9))
    ratio = speech - float(np.quantile(sounding, 0.1))
    return ratio if ratio > _DOUBTFUL_RATIO else max(ratio, speech - _floor_level(waveform) - _COLOUR)


def _floor_level(waveform: Waveform) -> float:
    """Return the level of white noise whose spectrum has the median power of each frame, over the quietest frames."""
    size = max(2, round(_FRAME_SECONDS * waveform.sample_rate))
    whole = waveform.samples.size // size * size
    if not whole:
        return float(frame_levels(waveform)[0])
    window = np.hanning(size)
    spectra = np.fft.rfft(waveform.samples[:whole].reshape(-1, size) * window, axis=1)
    # The median of an exponential distribution is ln 2 of its mean.
    power = np.median(np.square(np.abs(spectra)), axis=1) / np.log(2.0) / np.square(window).sum()
    levels = 10.0 * np.log10(power + _SILENCE_POWER)
    sounding = levels[levels > _DIGITAL_SILENCE]
    return float(np.quantile(sounding, 0.1)) if sounding.size else _DIGITAL_SILENCE


def silent_edges(waveform: Waveform, *, below: float = 35.0) -> tuple[float, float]:
    """Return the seconds before the first and after the last frame within ``below`` dB of the speech level.

    A recording's own noise can lie higher than that; the threshold is then 6 dB above its pauses, but never so near to
    the speech level that speech without pauses would count as silence. A click, which is over within two frames and has
    silence around it, is no speech; nor is a faint sound of less than half a second, one second or more away from it.
    """
    sounding = _sounding_frames(waveform, below)
    if sounding.size == 0:
        return float(waveform.duration), float(waveform.duration)
    seconds = _frame_seconds(waveform)
    before = float(sounding[0]) * seconds
    return before, max(0.0, float(waveform.duration) - (float(sounding[-1]) + 1.0) * seconds)


def longest_pause(waveform: Waveform, *, below: float = 35.0) -> float:
    """Return the seconds of the longest silence between the first and the last frame that sound, as `silent_edges`."""
    sounding = _sounding_frames(waveform, below)
    return float(np.diff(sounding).max(initial=1) - 1) * _frame_seconds(waveform)


def _sounding_frames(waveform: Waveform, below: float) -> NDArray[np.intp]:
    levels = frame_levels(waveform)
    speech = float(np.quantile(levels, 0.9))
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


def _frame_seconds(waveform: Waveform) -> float:
    return max(1, round(_FRAME_SECONDS * waveform.sample_rate)) / waveform.sample_rate
