"""Variation of recordings for training: speed, pitch, noise, rooms, masks. Knows no datasets and no codes.

A change of the waveform changes its codes: it belongs before encoding. Masks are for conditioning features only, which
no codes are made of. Everything random follows from a seed, and a strength of zero gives back the very input.

Shapes: ``N samples, T feature frames, F features``.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

# scipy.signal is loaded on use: it takes as long as torch, and most that is done with recordings does without it.
import scipy
import soxr
from numpy.typing import NDArray

from amhctl.audio.files import read
from amhctl.audio.waveform import Waveform
from amhctl.config.augmentation import AugmentConfig
from amhctl.core.errors import AudioError

CHANGES = ("speed", "pitch", "noise", "room")
_FRAME_SECONDS = 0.04
# How far a frame may be moved to fit the one before it: a period of the lowest voice, 80 Hz.
_SEARCH_SECONDS = 0.0125


@dataclass(frozen=True, slots=True)
class Variation:
    """What is done to one copy of a recording; the fields of a journal entry.

    Attributes
    ----------
    speed : float
        Factor of the tempo; 1 changes nothing.
    semitones : float
        Shift of the pitch.
    noise : float | None
        Signal-to-noise ratio in dB of added noise.
    room : str
        File of the impulse response, ``synthetic``, or empty for none.
    decay : float
        Reverberation time in seconds of a synthetic room.
    seed : int
        Of the noise and of the synthetic room.
    """

    speed: float = 1.0
    semitones: float = 0.0
    noise: float | None = None
    room: str = ""
    decay: float = 0.0
    seed: int = 0

    def entry(self) -> dict[str, object]:
        """Return what a journal says of it: the fields that change something."""
        untouched = asdict(UNVARIED)
        return {key: value for key, value in asdict(self).items() if value != untouched[key]}

    @property
    def changes(self) -> tuple[str, ...]:
        """Which of ``CHANGES`` it makes."""
        made = (self.speed != 1.0, self.semitones != 0.0, self.noise is not None, bool(self.room))
        return tuple(name for name, is_made in zip(CHANGES, made, strict=True) if is_made)


UNVARIED = Variation()


def copy_seed(seed: int, utterance: str, copy: int) -> int:
    """Return the seed of one copy of an utterance, whatever else is varied and on whatever machine."""
    digest = hashlib.sha256(f"{seed}\n{utterance}\n{copy}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def sample_variation(config: AugmentConfig, *, seed: int, rooms: tuple[Path, ...] = ()) -> Variation:
    """Return the variation of one copy: a pure function of the configuration, the seed and the rooms' names."""
    random = np.random.default_rng(seed)
    # All numbers are always drawn, so that one strength does not move the choices of the others.
    speed, semitones, noisy, ratio, roomy, decay = (float(value) for value in random.uniform(size=6))
    place = int(random.integers(0, max(1, len(rooms))))
    has_room = roomy < config.room_share
    low, high = config.noise_ratios
    shortest, longest = config.room_decays
    return Variation(
        speed=1.0 + config.speed * (2.0 * speed - 1.0),
        semitones=config.semitones * (2.0 * semitones - 1.0),
        noise=low + (high - low) * ratio if noisy < config.noise_share else None,
        room=(str(rooms[place]) if rooms else "synthetic") if has_room else "",
        decay=shortest + (longest - shortest) * decay if has_room and not rooms else 0.0,
        seed=int(random.integers(0, 2**31)),
    )


def vary(waveform: Waveform, variation: Variation) -> Waveform:
    """Return a recording as a variation has it: the voice is changed first, then put into its room, then disturbed.

    Raises
    ------
    AudioError
        If the room's file cannot be read, or the recording is silent and noise is to be added.
    """
    changed = shift_pitch(change_speed(waveform, variation.speed), variation.semitones)
    if variation.room:
        changed = add_room(changed, _room(variation, waveform.sample_rate))
    return changed if variation.noise is None else add_noise(changed, variation.noise, seed=variation.seed)


def _room(variation: Variation, sample_rate: int) -> Waveform:
    if variation.room == "synthetic":
        return synthetic_room(sample_rate, decay=variation.decay, seed=variation.seed)
    return read(Path(variation.room), sample_rate=sample_rate)


def find_rooms(folder: Path) -> tuple[Path, ...]:
    """Return the impulse responses (.wav) in a folder, sorted, as absolute paths.

    Raises
    ------
    AudioError
        If there are none.
    """
    rooms = tuple(sorted(folder.resolve().glob("*.wav")))
    if not rooms:
        raise AudioError("the folder has no impulse responses", subject=str(folder), hint="put .wav files there")
    return rooms


def change_speed(waveform: Waveform, factor: float) -> Waveform:
    """Return speech ``factor`` times as fast, pitch and all, ``round(N / factor)`` samples long.

    Raises
    ------
    AudioError
        If the factor is not positive.
    """
    if factor <= 0:
        raise AudioError(f"a speed factor must be positive, not {factor:g}")
    if factor == 1.0:
        return waveform
    samples = soxr.resample(waveform.samples, waveform.sample_rate * factor, waveform.sample_rate, quality="VHQ")
    return Waveform(_fit(samples, round(waveform.samples.size / factor)), waveform.sample_rate)


def shift_pitch(waveform: Waveform, semitones: float) -> Waveform:
    """Return speech of another pitch and the same length: stretched, then played faster or slower."""
    if semitones == 0.0:
        return waveform
    ratio = 2.0 ** (semitones / 12.0)
    stretched = change_speed(_stretch(waveform, ratio), ratio)
    return Waveform(_fit(stretched.samples, waveform.samples.size), waveform.sample_rate)


def _stretch(waveform: Waveform, ratio: float) -> Waveform:
    """Return speech ``ratio`` times as long at the same pitch.

    Waveform-similarity overlap-add (Verhelst and Roelands, ICASSP 1993): each frame is taken where it continues the one
    before best, near to where the new tempo wants it.
    """
    half = round(_FRAME_SECONDS * waveform.sample_rate / 2)
    search = round(_SEARCH_SECONDS * waveform.sample_rate)
    window = np.hanning(2 * half + 1)[:-1]
    wanted = round(waveform.samples.size * ratio)
    frames = -(-wanted // half) + 1
    padded = np.pad(waveform.samples.astype(np.float64), (half + search, 3 * half + search + round(half / ratio)))
    result = np.zeros((frames + 1) * half)
    place = search
    for frame in range(frames):
        centre = search + min(round(frame * half / ratio), waveform.samples.size)
        if frame:
            # What came half a frame after the last piece would continue it perfectly.
            template = padded[place + half : place + 3 * half]
            region = padded[centre - search : centre + search + 2 * half]
            place = centre - search + int(np.argmax(_likeness(region, template)))
        else:
            place = centre
        result[frame * half : (frame + 2) * half] += window * padded[place : place + 2 * half]
    return Waveform(_fit(result[half:], wanted), waveform.sample_rate)


def _likeness(region: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of a template with each place of a region, relative to the region's power there."""
    products = scipy.signal.fftconvolve(region, template[::-1], mode="valid")
    sums = np.cumsum(np.concatenate([[0.0], np.square(region)]))
    power = sums[template.size :] - sums[: -template.size]
    likeness: NDArray[np.float64] = products / np.sqrt(np.maximum(power, 1e-12))
    return likeness


def add_noise(waveform: Waveform, ratio: float, *, seed: int) -> Waveform:
    """Return the recording with white noise at a signal-to-noise ratio in dB over its whole length.

    Parameters
    ----------
    waveform : Waveform
        The recording.
    ratio : float
        Power of the recording over that of the noise; infinity adds none.
    seed : int
        Of the noise.

    Raises
    ------
    AudioError
        If the recording is silent.
    """
    if ratio == float("inf"):
        return waveform
    random = np.random.default_rng(seed)
    samples = waveform.samples.astype(np.float64)
    added = random.standard_normal(samples.size)
    power, disturbance = float(np.mean(np.square(samples))), float(np.mean(np.square(added)))
    if power == 0.0:
        raise AudioError("a silent recording has no signal-to-noise ratio")
    gain = np.sqrt(power / disturbance / 10.0 ** (ratio / 10.0))
    return Waveform((samples + gain * added).astype(np.float32), waveform.sample_rate)


def synthetic_room(sample_rate: int, *, decay: float, seed: int, distance: float = 0.5) -> Waveform:
    """Return an impulse response: the direct sound, then noise that falls by 60 dB in ``decay`` seconds.

    The decay is Polack's statistical model (1988). A decay of zero is the direct sound alone.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    decay : float
        Reverberation time (RT60) in seconds.
    seed : int
        Of the noise.
    distance : float
        Energy of the reverberation relative to the direct sound.

    Raises
    ------
    AudioError
        If the decay is negative.
    """
    if decay < 0:
        raise AudioError(f"a reverberation time cannot be negative: {decay:g}")
    size = 1 + round(decay * sample_rate)
    response = np.zeros(size)
    if size > 1:
        times = np.arange(1, size) / sample_rate
        tail = np.random.default_rng(seed).standard_normal(size - 1) * 10.0 ** (-3.0 * times / decay)
        response[1:] = tail * np.sqrt(distance / np.sum(np.square(tail)))
    response[0] = 1.0
    return Waveform(response.astype(np.float32), sample_rate)


def add_room(waveform: Waveform, response: Waveform) -> Waveform:
    """Return the recording as heard in a room, as long, as loud and at the same time as before.

    What comes before the direct sound, the response's largest sample, is cut off: text and codes stay aligned.

    Raises
    ------
    AudioError
        If the response is silent or has another rate.
    """
    if response.sample_rate != waveform.sample_rate:
        raise AudioError(
            f"an impulse response at {response.sample_rate} Hz cannot be applied at {waveform.sample_rate} Hz"
        )
    if not response.samples.any():
        raise AudioError("the impulse response is silent")
    direct = int(np.argmax(np.abs(response.samples)))
    if not response.samples[direct + 1 :].any():
        return waveform
    samples = waveform.samples.astype(np.float64)
    reverberant = scipy.signal.fftconvolve(samples, response.samples[direct:].astype(np.float64))[: samples.size]
    power = float(np.sum(np.square(reverberant)))
    gain = np.sqrt(float(np.sum(np.square(samples))) / power) if power else 1.0
    return Waveform((gain * reverberant).astype(np.float32), waveform.sample_rate)


def mask_features(
    features_TF: NDArray[np.float32],
    *,
    seed: int,
    time_masks: int = 2,
    time_share: float = 0.1,
    bin_masks: int = 2,
    bin_share: float = 0.15,
) -> NDArray[np.float32]:
    """Return features with random stretches of time and of bins set to the mean: SpecAugment.

    Source: Park et al. 2019, arXiv 1904.08779, without the warping of time. For conditioning features only.

    Parameters
    ----------
    features_TF : NDArray[np.float32]
        Features; left as they are.
    seed : int
        Of every choice.
    time_masks, bin_masks : int
        How many stretches of each kind.
    time_share, bin_share : float
        Longest stretch, as a share of the frames and of the bins.
    """
    random = np.random.default_rng(seed)
    masked = features_TF.copy()
    mean = features_TF.dtype.type(features_TF.mean(dtype=np.float64)) if features_TF.size else 0.0
    for axis, count, share in ((0, time_masks, time_share), (1, bin_masks, bin_share)):
        length = features_TF.shape[axis]
        for _ in range(count):
            width = int(random.integers(0, int(share * length) + 1))
            start = int(random.integers(0, length - width + 1))
            stretch = slice(start, start + width)
            masked[(stretch, slice(None)) if axis == 0 else (slice(None), stretch)] = mean
    return masked


def _fit(samples: NDArray[np.floating], size: int) -> NDArray[np.float32]:
    """Return exactly ``size`` samples: filters may leave one more or less."""
    fitted = np.zeros(size, dtype=np.float32)
    usable = min(size, samples.size)
    fitted[:usable] = samples[:usable]
    return fitted
