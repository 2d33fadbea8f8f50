"""Twin of ``audio/anchors.py``: filters as BS.1534 wants them, beeps that can be counted."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.anchors import LOW_ANCHOR, MID_ANCHOR, beeps, low_pass, spoil
from amhctl.audio.levels import frame_levels
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


def gain(cutoff: float, frequency: float, rate: int) -> float:
    """Return the gain in dB at a frequency."""
    impulse = np.zeros(8_001, dtype=np.float32)
    impulse[4_000] = 1.0
    response = low_pass(Waveform(impulse, rate), cutoff).samples.astype(np.float64)
    wave = np.exp(-2j * np.pi * frequency / rate * (np.arange(response.size) - 4_000))
    value = response @ wave
    # Linear phase, no delay: the response is real.
    assert abs(value.imag) < 1e-5
    return float(20.0 * np.log10(max(abs(value), 1e-9)))


@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_anchors_are_those_of_bs_1534(rate: int) -> None:
    for cutoff in (LOW_ANCHOR, MID_ANCHOR):
        passed = [gain(cutoff, frequency, rate) for frequency in np.linspace(20.0, cutoff, 20)]
        assert np.abs(passed).max() < 0.1
        assert gain(cutoff, cutoff + 500.0, rate) < -25.0
        if cutoff + 1_000.0 < rate / 2:
            assert gain(cutoff, cutoff + 1_000.0, rate) < -50.0


def test_what_has_no_such_frequencies_has_no_anchor() -> None:
    with pytest.raises(AudioError, match="changes nothing at 8000 Hz"):
        low_pass(Waveform(np.zeros(100, dtype=np.float32), 8_000), LOW_ANCHOR)


def test_a_clip_shorter_than_the_filter_keeps_its_length() -> None:
    clip = vowel_train(seconds=0.01)
    assert low_pass(clip, LOW_ANCHOR).samples.shape == clip.samples.shape


def test_a_spoilt_clip_is_noise_and_no_sample_leaves_the_scale() -> None:
    clip = vowel_train()
    spoilt = spoil(clip, seed=1)
    assert np.abs(spoilt.samples).max() == 0.5
    assert np.array_equal(spoilt.samples, spoil(clip, seed=1).samples)
    assert not np.array_equal(spoilt.samples, spoil(clip, seed=2).samples)
    high = np.abs(np.fft.rfft(spoilt.samples))[-2_000:]
    assert high.mean() > 20 * np.abs(np.fft.rfft(low_pass(clip, 1_200.0).samples))[-2_000:].mean()


@pytest.mark.parametrize("count", [1, 3, 5])
def test_beeps_can_be_counted(count: int) -> None:
    loud = frame_levels(beeps(count, 16_000)) > -40.0
    assert np.count_nonzero(np.diff(loud.astype(int), prepend=0) == 1) == count
