"""Change of rate by a windowed sinc: the published numbers, and what resampling must do."""

import numpy as np
import pytest
from support.acoustics import numbers

from amhctl.audio.sinc_resample import sinc_resample
from amhctl.core.errors import AudioError


def test_numbers_are_the_published_ones() -> None:
    wave, wanted = numbers()["front.wave_22k"][0].numpy(), numbers()["front.wave_16k"][0].numpy()
    resampled = sinc_resample(wave, old_rate=22_050, new_rate=16_000)
    assert resampled.dtype == np.float32
    assert resampled.shape == wanted.shape
    assert np.abs(resampled - wanted).max() < 1e-5


@pytest.mark.parametrize(("old", "new"), [(22_050, 16_000), (16_000, 24_000), (48_000, 16_000)])
def test_a_wave_is_the_same_wave_at_another_rate(old: int, new: int) -> None:
    def wave(rate: int, seconds: float) -> np.ndarray:
        return np.sin(2 * np.pi * 440.0 * np.arange(int(rate * seconds)) / rate).astype(np.float32)

    resampled = sinc_resample(wave(old, 0.5), old_rate=old, new_rate=new)
    assert resampled.size == -(-int(old * 0.5) * new // old)
    inside = slice(new // 50, -(new // 50))
    assert np.abs(resampled - wave(new, 0.5)[: resampled.size])[inside].max() < 2e-3


def test_a_wave_above_the_new_band_is_gone() -> None:
    high = np.sin(2 * np.pi * 10_500.0 * np.arange(22_050) / 22_050).astype(np.float32)
    assert np.abs(sinc_resample(high, old_rate=22_050, new_rate=16_000)[100:-100]).max() < 0.05


def test_a_long_waveform_is_its_pieces() -> None:
    """More than one block of filters at once."""
    noise = np.random.default_rng(0).normal(size=441 * 9_000).astype(np.float32)
    resampled = sinc_resample(noise, old_rate=22_050, new_rate=16_000)
    part = sinc_resample(noise[441 * 4_000 : 441 * 4_200], old_rate=22_050, new_rate=16_000)
    np.testing.assert_allclose(resampled[320 * 4_001 : 320 * 4_199], part[320:-320], atol=1e-5)


def test_other_rates() -> None:
    samples = np.ones(10, dtype=np.float32)
    assert sinc_resample(samples, old_rate=16_000, new_rate=16_000) is samples
    with pytest.raises(AudioError, match="must be positive, not 0"):
        sinc_resample(samples, old_rate=16_000, new_rate=0)
