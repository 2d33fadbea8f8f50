"""Pitch is moved by the semitones asked for; the rest, and sound that has none, stays."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.loudness import loudness
from amhctl.audio.pitch import find_pitch
from amhctl.audio.pitchshift import shift_pitch
from amhctl.audio.waveform import Waveform

VOICE = vowel_train(seconds=2.0, pitch=120.0)


def median_pitch(samples: np.ndarray) -> float:
    found = find_pitch(samples, VOICE.sample_rate, 160, floor=50.0, ceiling=600.0)
    return float(np.median(found[found > 0]))


@pytest.mark.parametrize("semitones", [-7.0, -1.0, 2.0, 12.0])
def test_all_of_it_is_higher_by_so_many_semitones(semitones: float) -> None:
    moved = shift_pitch(VOICE, [0.0], [semitones])
    ratio = median_pitch(moved.samples) / median_pitch(VOICE.samples)
    assert 12.0 * np.log2(ratio) == pytest.approx(semitones, abs=0.2, rel=0.05)
    assert moved.samples.size == VOICE.samples.size
    assert loudness(moved) == pytest.approx(loudness(VOICE), abs=1.0)
    np.testing.assert_array_equal(moved.samples, shift_pitch(VOICE, [0.0], [semitones]).samples)


def test_what_is_not_to_move_has_the_samples_that_it_had() -> None:
    rate = VOICE.sample_rate
    moved = shift_pitch(VOICE, [0.0, 0.99, 1.01], [0.0, 0.0, 5.0]).samples
    stays = round(0.99 * rate)
    np.testing.assert_array_equal(moved[:stays], VOICE.samples[:stays])
    ratio = median_pitch(moved[rate + 400 :]) / median_pitch(VOICE.samples[rate + 400 :])
    assert 12.0 * np.log2(ratio) == pytest.approx(5.0, abs=0.3)


def test_nothing_to_move_is_the_same_waveform() -> None:
    assert shift_pitch(VOICE, [0.0, 1.0], [0.0, 0.0]) is VOICE
    silence = Waveform(np.zeros(8_000, dtype=np.float32), 16_000)
    assert shift_pitch(silence, [0.0], [3.0]) is silence
    noise = Waveform(np.random.default_rng(0).standard_normal(800).astype(np.float32) * np.float32(0.1), 16_000)
    assert np.isfinite(shift_pitch(noise, [0.0], [3.0]).samples).all()
