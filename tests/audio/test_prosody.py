"""Pitch, energy and noise of frames and pieces: by hand."""

import numpy as np
import pytest

from amhctl.audio.prosody import continuous_log_pitch, energies, noise_floor, piece_means


def test_energy_is_the_logarithm_of_the_root_mean_square() -> None:
    magnitudes = np.array([[3.0, 4.0], [1.0, 1.0], [1e-5, 7.0]])
    expected = np.log(np.sqrt(np.square(magnitudes).mean(axis=1)))
    found = energies(np.log(magnitudes).astype(np.float32))
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)


def test_no_magnitude_overflows() -> None:
    loud = np.full((1, 4), 200.0, dtype=np.float32)
    assert energies(loud) == pytest.approx([200.0])
    assert energies(-loud) == pytest.approx([-200.0])


def test_the_noise_floor_is_how_far_pauses_lie_below_speech() -> None:
    mel_TF = np.full((100, 3), -1.0, dtype=np.float32)
    mel_TF[:20] = -7.0
    assert noise_floor(mel_TF) == pytest.approx(-6.0)
    # The same recording, louder, is as noisy as before.
    assert noise_floor(mel_TF + 2.0) == pytest.approx(-6.0)
    assert noise_floor(mel_TF[20:]) == 0.0


def test_pitch_is_drawn_straight_through_what_has_none() -> None:
    pitch = np.array([0.0, 100.0, 0.0, 0.0, 200.0, 0.0], dtype=np.float32)
    low, high = np.log(100.0), np.log(200.0)
    expected = [low, low, low + (high - low) / 3, low + 2 * (high - low) / 3, high, high]
    found = continuous_log_pitch(pitch)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)
    assert continuous_log_pitch(np.zeros(3, dtype=np.float32)) == pytest.approx(np.log([150.0] * 3))


def test_a_piece_has_the_mean_of_its_frames_and_an_empty_one_that_of_its_place() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0], dtype=np.float32)
    durations = np.array([0, 2, 0, 3, 0], dtype=np.int64)
    found = piece_means(values, durations)
    assert found.dtype == np.float32
    assert found == pytest.approx([1.0, 1.5, 4.0, 28.0 / 3.0, 16.0])
