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


def hum(frames: int, decibels: float = 0.0) -> np.ndarray:
    """Return frames of 25 ms of a square wave, each at one level below -20 dBFS."""
    return np.resize([0.1, -0.1], frames * 400) * 10.0 ** (decibels / 20.0)


@pytest.mark.parametrize(
    ("limits", "samples", "stopped_by"),
    [
        # Forty frames of sound are one second of it: the limits themselves are allowed, a frame beyond is not.
        ({"longest_extra": 1.0}, hum(40), set()),
        ({"longest_extra": 0.975}, hum(40), {"S003"}),
        ({"longest_extra": 0.5, "longest_syllable": 0.25}, hum(40), set()),
        ({"longest_extra": 0.5, "longest_syllable": 0.2375}, hum(40), {"S003"}),
        ({"shortest_syllable": 0.5}, hum(40), set()),
        ({"shortest_syllable": 0.5125}, hum(40), {"S004"}),
        # What is more than 35 dB below the speech is none of it, at the ends and in the middle.
        ({"longest_extra": 1.0}, np.concatenate([hum(20, -36), hum(40), hum(20, -36)]), set()),
        ({"longest_extra": 1.0}, np.concatenate([hum(40), hum(1, -34)]), {"S003"}),
        ({"longest_gap": 0.25}, np.concatenate([hum(20), hum(10, -36), hum(20)]), set()),
        ({"longest_gap": 0.225}, np.concatenate([hum(20), hum(10, -36), hum(20)]), {"S007"}),
        ({"longest_gap": 0.0}, hum(40), set()),
        ({"longest_gap": 0.0}, np.concatenate([hum(20), hum(10, -34), hum(20)]), set()),
        ({"lowest_level": -20.01}, hum(40), set()),
        ({"lowest_level": -19.99}, hum(40), {"S002"}),
        ({"most_clipped": 0.5}, np.concatenate([hum(20), hum(20, 20.0)]), set()),
        ({"most_clipped": 0.499}, np.concatenate([hum(20), hum(20, 20.0)]), {"S005"}),
    ],
)
def test_every_limit_is_met_to_the_frame(limits: dict[str, float], samples: np.ndarray, stopped_by: set[str]) -> None:
    wide = {"shortest_syllable": 0.0, "longest_syllable": 0.0, "longest_extra": 9.0, "longest_gap": 9.0}
    given = JudgeLimits(**(wide | {"most_clipped": 1.0} | limits))
    findings = judge(of(samples), stopped=True, syllables=2, speed=1.0, limits=given, subject="ሰላም")
    assert {finding.code for finding in findings} == stopped_by


def test_a_faster_voice_may_pause_less() -> None:
    paused = of(np.concatenate([hum(20), hum(10, -36), hum(20)]))
    limits = JudgeLimits(shortest_syllable=0.0, longest_extra=9.0, longest_gap=0.5)
    for speed, wanted in ((2.0, set()), (2.1, {"S007"})):
        found = judge(paused, stopped=True, syllables=2, speed=speed, limits=limits, subject="ሰላም")
        assert {finding.code for finding in found} == wanted
