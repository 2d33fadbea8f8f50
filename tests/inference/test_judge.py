"""Each way speech fails is seen, and good speech passes."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.inference.judge import RULES, JudgeLimits, judge


def codes_of(waveform: Waveform, *, stopped: bool = True, syllables: int = 8, speed: float = 1.0) -> set[str]:
    findings = judge(waveform, stopped=stopped, syllables=syllables, speed=speed, limits=JudgeLimits(), subject="ሰላም")
    assert all(finding.subject == "ሰላም" for finding in findings)
    return {finding.code for finding in findings}


def of(samples: np.ndarray) -> Waveform:
    return Waveform(samples.astype(np.float32), 16_000)


def test_good_speech_passes() -> None:
    assert codes_of(between_silences(vowel_train(seconds=1.3))) == set()


def test_a_missing_stop() -> None:
    assert codes_of(vowel_train(seconds=1.3), stopped=False) == {"S001"}


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.full(16_000, 1e-4), np.zeros(0)])
def test_silence(samples: np.ndarray) -> None:
    assert codes_of(of(samples)) == {"S002"}


def test_length_is_that_of_the_sound_not_of_the_silence_around_it() -> None:
    assert codes_of(between_silences(vowel_train(seconds=1.3), before=2.0, after=3.0)) == set()
    assert codes_of(vowel_train(seconds=6.0)) == {"S003"}
    assert codes_of(between_silences(vowel_train(seconds=0.3), before=1.0)) == {"S004"}


def test_speed_moves_the_limits() -> None:
    assert codes_of(vowel_train(seconds=4.0), speed=2.0) == {"S003"}
    assert codes_of(vowel_train(seconds=0.4), speed=2.0) == set()
    assert codes_of(vowel_train(seconds=0.4), speed=1.0) == {"S004"}


def test_clipping() -> None:
    assert codes_of(of(np.clip(vowel_train(seconds=1.3).samples * 30.0, -1.0, 1.0))) == {"S005"}


def test_numbers_that_are_none() -> None:
    samples = vowel_train(seconds=1.3).samples.copy()
    samples[5] = np.nan
    assert codes_of(of(samples)) == {"S006"}


def test_a_gap() -> None:
    word = vowel_train(seconds=0.8).samples
    assert codes_of(of(np.concatenate([word, np.zeros(24_000), word]))) == {"S007"}
    assert codes_of(of(np.concatenate([word, np.zeros(8_000), word]))) == set()


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
