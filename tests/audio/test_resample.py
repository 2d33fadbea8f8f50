import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.resample import resample
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
