"""Twin of ``audio/speechloss.py``."""

from dataclasses import replace

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.speechloss import SpeechLoss, find_loss
from amhctl.audio.waveform import Waveform

_VOICE = between_silences(vowel_train(seconds=2.0), before=0.5, after=0.5)
_RATE = _VOICE.sample_rate


def _noisy(waveform: Waveform, level: float) -> Waveform:
    noise = np.random.default_rng(5).normal(0.0, level, waveform.samples.size)
    return replace(waveform, samples=(waveform.samples + noise).astype(np.float32))


def _muted(waveform: Waveform, begin: float, end: float, gain: float = 0.0) -> Waveform:
    samples = waveform.samples.copy()
    samples[round(begin * _RATE) : round(end * _RATE)] *= np.float32(gain)
    return replace(waveform, samples=samples)


def test_a_syllable_that_is_missing_is_found() -> None:
    noisy = _noisy(_VOICE, 0.002)
    assert find_loss(noisy, noisy) == SpeechLoss(0.0, 0.0)
    loss = find_loss(noisy, _muted(_VOICE, 1.0, 1.2))
    assert (loss.seconds, loss.longest) == (pytest.approx(0.2), pytest.approx(0.2))
    twice = find_loss(noisy, _muted(_muted(_VOICE, 1.0, 1.1), 1.5, 1.7))
    assert (twice.seconds, twice.longest) == (pytest.approx(0.3), pytest.approx(0.2))


def test_noise_that_is_missing_is_no_loss() -> None:
    assert find_loss(_noisy(_VOICE, 0.01), _VOICE) == SpeechLoss(0.0, 0.0)
    # A burst of noise as loud as the voice, before it.
    burst = _VOICE.samples.copy()
    burst[1_000:6_000] += np.random.default_rng(6).normal(0.0, 0.06, 5_000).astype(np.float32)
    assert find_loss(replace(_VOICE, samples=burst), _VOICE).seconds == 0.0


def test_hum_that_is_missing_is_no_loss() -> None:
    times = np.arange(_VOICE.samples.size) / _RATE
    hum = 0.02 * np.sin(2.0 * np.pi * 100.0 * times)
    humming = replace(_VOICE, samples=(_VOICE.samples + hum).astype(np.float32))
    assert find_loss(humming, _VOICE) == SpeechLoss(0.0, 0.0)


def test_what_is_only_turned_down_a_little_is_no_loss() -> None:
    assert find_loss(_VOICE, _muted(_VOICE, 0.0, 3.0, gain=0.4)).seconds == 0.0
    assert find_loss(_VOICE, _muted(_VOICE, 0.0, 3.0, gain=0.1)).seconds > 1.0


@pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(10), np.zeros(16_000), np.ones(300)])
def test_what_is_no_speech_loses_nothing(samples: np.ndarray) -> None:
    waveform = Waveform(samples.astype(np.float32), _RATE)
    assert find_loss(waveform, waveform) == SpeechLoss(0.0, 0.0)
