"""Augmentation: each change is what it says, nothing at zero strength, the same bytes by the same seed."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.augment import (
    UNVARIED,
    Variation,
    add_noise,
    add_room,
    change_speed,
    copy_seed,
    find_rooms,
    mask_features,
    sample_variation,
    shift_pitch,
    synthetic_room,
    vary,
)
from amhctl.audio.waveform import Waveform
from amhctl.config.augmentation import AugmentConfig
from amhctl.core.errors import AudioError

SPEECH = vowel_train(seconds=1.5, pitch=120.0)
FULL = AugmentConfig(speed=0.1, semitones=2.0, noise_share=1.0, room_share=1.0)


def _tone(hertz: float, seconds: float = 1.0) -> Waveform:
    times = np.arange(round(seconds * 16_000)) / 16_000
    sound = sum(np.sin(2 * np.pi * hertz * harmonic * times) / harmonic for harmonic in range(1, 8))
    return Waveform((0.2 * sound).astype(np.float32), 16_000)  # type: ignore[union-attr]


def _pitch(waveform: Waveform) -> float:
    """Return the pitch in Hz by the highest peak of the autocorrelation between 60 and 400 Hz."""
    middle = waveform.samples[waveform.samples.size // 4 : -waveform.samples.size // 4].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle, 1 << 18)) ** 2
    likeness = np.fft.irfft(spectrum)
    low, high = waveform.sample_rate // 400, waveform.sample_rate // 60
    return waveform.sample_rate / (low + int(np.argmax(likeness[low:high])))


@pytest.mark.parametrize("factor", [0.9, 0.97, 1.1, 1.25])
def test_speed_changes_length_and_pitch_by_its_factor(factor: float) -> None:
    tone = _tone(150.0)
    changed = change_speed(tone, factor)
    assert changed.samples.size == round(tone.samples.size / factor)
    assert _pitch(changed) == pytest.approx(150.0 * factor, rel=0.01)
    with pytest.raises(AudioError):
        change_speed(tone, 0.0)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 1.0, 3.0])
def test_pitch_moves_and_length_stays(semitones: float) -> None:
    for tone in (_tone(150.0), _tone(210.0)):
        shifted = shift_pitch(tone, semitones)
        assert shifted.samples.size == tone.samples.size
        assert _pitch(shifted) == pytest.approx(_pitch(tone) * 2 ** (semitones / 12), rel=0.012)
    loudness = [float(np.square(sound.samples).mean()) for sound in (SPEECH, shift_pitch(SPEECH, semitones))]
    assert loudness[1] == pytest.approx(loudness[0], rel=0.25)


@pytest.mark.parametrize("ratio", [-5.0, 0.0, 12.0, 30.0])
def test_noise_has_the_ratio_it_was_asked_for(ratio: float) -> None:
    added = add_noise(SPEECH, ratio, seed=1).samples.astype(np.float64) - SPEECH.samples
    reached = 10 * np.log10(np.square(SPEECH.samples.astype(np.float64)).mean() / np.square(added).mean())
    assert reached == pytest.approx(ratio, abs=0.1)


def test_noise_that_cannot_be_set_is_refused() -> None:
    silence = Waveform(np.zeros(100, np.float32), 16_000)
    with pytest.raises(AudioError, match="silent"):
        add_noise(silence, 10.0, seed=0)


@pytest.mark.parametrize("decay", [0.2, 0.6])
def test_a_synthetic_room_falls_by_sixty_decibels(decay: float) -> None:
    tail = synthetic_room(16_000, decay=decay, seed=0).samples[1:].astype(np.float64)
    tenth = tail.size // 10
    fall = 10 * np.log10(np.square(tail[:tenth]).mean() / np.square(tail[-tenth:]).mean())
    assert fall == pytest.approx(54.0, abs=3.0)  # from the middle of the first tenth to that of the last
    assert np.square(tail).sum() == pytest.approx(0.5, rel=1e-3)


def test_a_room_keeps_length_level_and_time() -> None:
    click = np.zeros(8_000, np.float32)
    click[1_000] = 0.5
    response = np.zeros(600, np.float32)
    response[[200, 500]] = (1.0, 0.4)  # 200 samples of travel, then an echo
    heard = add_room(Waveform(click, 16_000), Waveform(response, 16_000))
    assert heard.samples.size == 8_000
    assert np.flatnonzero(np.abs(heard.samples) > 1e-3).tolist() == [1_000, 1_300]
    assert np.square(heard.samples).sum() == pytest.approx(0.25, rel=1e-4)
    for room in (Waveform(response, 8_000), Waveform(np.zeros(9, np.float32), 16_000)):
        with pytest.raises(AudioError):
            add_room(SPEECH, room)
    with pytest.raises(AudioError):
        synthetic_room(16_000, decay=-0.1, seed=0)


def test_zero_strength_gives_back_the_very_input() -> None:
    assert change_speed(SPEECH, 1.0) is SPEECH
    assert shift_pitch(SPEECH, 0.0) is SPEECH
    assert add_noise(SPEECH, float("inf"), seed=0) is SPEECH
    assert add_room(SPEECH, synthetic_room(16_000, decay=0.0, seed=0)) is SPEECH
    variation = sample_variation(AugmentConfig(), seed=5)
    assert vary(SPEECH, variation) is SPEECH
    assert set(variation.entry()) <= {"seed"}
    assert vary(SPEECH, Variation()) is SPEECH
    features = np.random.default_rng(0).normal(size=(50, 20)).astype(np.float32)
    np.testing.assert_array_equal(mask_features(features, seed=0, time_share=0.0, bin_share=0.0), features)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, again, other = (sample_variation(FULL, seed=seed) for seed in (1, 1, 2))
    assert one == again != other
    assert vary(SPEECH, one).samples.tobytes() == vary(SPEECH, again).samples.tobytes()
    assert vary(SPEECH, one).samples.tobytes() != vary(SPEECH, other).samples.tobytes()
    assert vary(SPEECH, one).samples.size == round(SPEECH.samples.size / one.speed)


def test_variations_keep_to_their_ranges_and_say_what_they_are() -> None:
    drawn = [sample_variation(FULL, seed=seed) for seed in range(300)]
    assert 0.9 <= min(item.speed for item in drawn) < 0.91
    assert 1.09 < max(item.speed for item in drawn) <= 1.1
    assert all(-2.0 <= item.semitones <= 2.0 and 10.0 <= (item.noise or 0.0) <= 30.0 for item in drawn)
    assert all(item.room == "synthetic" and 0.1 <= item.decay <= 0.5 for item in drawn)
    assert set(drawn[0].entry()) == {"speed", "semitones", "noise", "room", "decay", "seed"}
    half = [sample_variation(FULL.model_copy(update={"noise_share": 0.5}), seed=seed) for seed in range(300)]
    assert 0.4 < np.mean([item.noise is None for item in half]) < 0.6
    assert [item.speed for item in half] == [item.speed for item in drawn]


def test_recorded_rooms_are_drawn_from_a_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no impulse responses"):
        find_rooms(tmp_path)
    for number in range(3):
        files.write(tmp_path / f"room{number}.wav", synthetic_room(8_000, decay=0.1, seed=number))
    rooms = find_rooms(tmp_path)
    drawn = {sample_variation(FULL, seed=seed, rooms=rooms).room for seed in range(40)}
    assert drawn == {str(room) for room in rooms}
    variation = Variation(room=str(rooms[0]))
    heard = vary(SPEECH, variation)
    assert heard.samples.size == SPEECH.samples.size
    assert not np.array_equal(heard.samples, SPEECH.samples)


def test_masks_cover_whole_stretches_with_the_mean() -> None:
    features = np.random.default_rng(0).normal(2.0, 1.0, (200, 80)).astype(np.float32)
    original = features.copy()
    masked = mask_features(features, seed=3)
    np.testing.assert_array_equal(features, original)
    np.testing.assert_array_equal(masked, mask_features(features, seed=3))
    changed = masked != features
    frames, bins = changed.all(axis=1), changed.all(axis=0)
    assert 0 < frames.sum() <= 40
    assert 0 < bins.sum() <= 24
    np.testing.assert_array_equal(changed, frames[:, None] | bins[None, :])
    assert np.unique(masked[changed]).tolist() == [np.float32(features.mean(dtype=np.float64))]


def test_a_copy_has_a_seed_of_its_own_that_stays() -> None:
    seeds = {copy_seed(seed, name, copy) for seed in (0, 1) for name in ("a", "b", "a1") for copy in (1, 2, 11)}
    assert len(seeds) == 18
    # The first bytes of a SHA-256: the same on every machine, and in every version.
    assert copy_seed(0, "r1", 1) == int(hashlib.sha256(b"0\nr1\n1").hexdigest()[:16], 16)


def test_what_a_variation_changes_is_named() -> None:
    assert UNVARIED.changes == Variation(seed=4).changes == ()
    assert Variation(speed=0.9, noise=20.0).changes == ("speed", "noise")
    assert Variation(semitones=1.0, room="synthetic", decay=0.2).changes == ("pitch", "room")
