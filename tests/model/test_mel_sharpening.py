"""Sharpening a spectrogram: nothing where nothing is to sharpen, deeper valleys, less jitter, no far effects."""

import numpy as np
import pytest

from amhctl.model.mel_sharpening import MOST_SHARPNESS, Floats, sharpen

BINS = 80


def noise(frames: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((frames, BINS), dtype=np.float32)


def test_no_sharpness_and_no_frames_change_nothing() -> None:
    mel_TF = noise(9)
    assert sharpen(mel_TF, 0.0) is mel_TF
    assert sharpen(noise(0), 1.0).shape == (0, BINS)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, MOST_SHARPNESS])
@pytest.mark.parametrize("frames", [1, 2, 30])
def test_an_even_spectrogram_stays_what_it_is(sharpness: float, frames: int) -> None:
    mel_TF = np.full((frames, BINS), -4.0, dtype=np.float32)
    np.testing.assert_allclose(sharpen(mel_TF, sharpness), mel_TF, atol=1e-5)


def test_formants_stand_out_more_the_sharper_and_stay_where_they_are() -> None:
    bins = np.arange(BINS)
    formants_F = np.exp(-0.5 * ((bins - 20) / 3.0) ** 2) + np.exp(-0.5 * ((bins - 50) / 3.0) ** 2)
    mel_TF = np.tile(formants_F.astype(np.float32), (12, 1))
    depths = []
    for sharpness in (0.0, 1.0, 2.0):
        sharp_TF = sharpen(mel_TF, sharpness)
        assert sharp_TF.dtype == np.float32
        assert sharp_TF[5, :35].argmax() == 20
        assert 35 + sharp_TF[5, 35:].argmax() == 50
        depths.append(sharp_TF[5, 20] - sharp_TF[5, 35])
    assert depths[0] < depths[1] < depths[2]


def test_frames_jitter_less() -> None:
    jitter_TF = np.tile(noise(60)[:, :1], (1, BINS))
    assert np.abs(np.diff(sharpen(jitter_TF, 1.0), axis=0)).mean() < 0.95 * np.abs(np.diff(jitter_TF, axis=0)).mean()


def test_what_is_far_away_does_not_matter() -> None:
    mel_TF = noise(40)
    np.testing.assert_array_equal(sharpen(mel_TF, 1.0)[:20], sharpen(mel_TF[:30], 1.0)[:20])
