import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.levels import set_speech_level, speech_level
from amhctl.audio.resample import bring_to, resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


def test_the_same_rate_changes_nothing() -> None:
    waveform = vowel_train()
    assert resample(waveform, 16_000) is waveform


def test_a_tone_keeps_its_pitch_and_level() -> None:
    waveform = resample(vowel_train(seconds=1.0), 24_000)
    assert (waveform.samples.size, waveform.samples.dtype) == (24_000, np.float32)
    back = resample(waveform, 16_000).samples
    assert np.abs(back - vowel_train(seconds=1.0).samples)[500:-500].max() < 0.02
    with pytest.raises(AudioError):
        resample(waveform, 0)


def test_the_level_is_set_before_the_rate() -> None:
    """On all that was recorded: a lower rate cuts off the hiss that belonged to the level."""
    bright = vowel_train(sample_rate=44_100)
    hiss = np.random.default_rng(0).normal(0.0, 0.05, bright.samples.size).astype(np.float32)
    clip = Waveform(bright.samples + hiss, 44_100)
    brought = bring_to(clip, level=-26.0, sample_rate=16_000)
    assert np.array_equal(brought.samples, resample(set_speech_level(clip, -26.0), 16_000).samples)
    assert not np.array_equal(brought.samples, set_speech_level(resample(clip, 16_000), -26.0).samples)
    assert speech_level(bring_to(clip, level=-26.0, sample_rate=44_100)) == pytest.approx(-26.0, abs=1e-3)
