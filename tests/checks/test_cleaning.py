"""Twin of ``checks/cleaning.py``: each harm is planted, and found by its own code."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from support.enhancers import GATE_GOAL, NoiseRating, rate_noise
from support.speechlike import between_silences, vowel_train

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaning import RULES, Quality, clean_waveform, judge

_VOICE = between_silences(vowel_train(seconds=2.0), before=0.5, after=0.5)
_NOISE = np.random.default_rng(1).normal(0.0, 2e-3, _VOICE.samples.size).astype(np.float32)
_NOISY = replace(_VOICE, samples=_VOICE.samples + _NOISE)


@dataclass
class Marks:
    """Gives one mark after the other."""

    marks: list[float]

    def __call__(self, waveform: Waveform) -> NoiseRating:
        return NoiseRating(self.marks.pop(0))


def _scaled(waveform: Waveform, gain: float) -> Waveform:
    return replace(waveform, samples=waveform.samples * np.float32(gain))


def test_a_recording_is_cleaned_measured_and_told() -> None:
    cleaned = clean_waveform(_NOISY, GATE_GOAL)
    assert cleaned.cleaning.code == ""
    assert cleaned.cleaning.gain > 0.3
    assert cleaned.cleaning.before == Quality(
        p808=rate_noise(_NOISY).p808,
        overall=rate_noise(_NOISY).p808,
        level=pytest.approx(cleaned.cleaning.after.level, abs=0.1),  # type: ignore[arg-type]
        bandwidth=8_000.0,
    )
    assert cleaned.done == "cleaned by Gate 1, at most 20.0 dB (gate20.00000)"
    assert cleaned.processing("") == cleaned.done
    assert cleaned.processing("resampled") == f"resampled; {cleaned.done}"
    assert np.abs(cleaned.waveform.samples[:4_000]).max() < 0.2 * np.abs(_NOISY.samples[:4_000]).max()


def test_a_missing_syllable_is_harm() -> None:
    cut = _VOICE.samples.copy()
    cut[16_000:17_600] = 0.0
    found = judge(_NOISY, replace(_VOICE, samples=cut), rate_noise)
    assert (found.code, found.lost) == ("D101", pytest.approx(0.1))
    assert "0.100 s" in found.reason
    # Half of one is what any filter may do to an edge.
    cut = _VOICE.samples.copy()
    cut[16_000:16_800] = 0.0
    assert judge(_NOISY, replace(_VOICE, samples=cut), Marks([3.0, 3.0])).code == ""


def test_many_short_losses_are_harm() -> None:
    cut = _VOICE.samples.copy()
    for begin in range(10_000, 36_000, 4_800):
        cut[begin : begin + 800] = 0.0
    assert judge(_NOISY, replace(_VOICE, samples=cut), rate_noise).code == "D101"


def test_speech_that_is_turned_down_is_harm() -> None:
    assert judge(_NOISY, _scaled(_VOICE, 0.45), rate_noise).code == "D102"
    assert judge(_NOISY, _scaled(_VOICE, 0.55), Marks([3.0, 3.0])).code == ""


def test_a_narrow_band_is_harm() -> None:
    white = np.random.default_rng(2).normal(0.0, 0.02, _VOICE.samples.size).astype(np.float32)
    wide = replace(_VOICE, samples=_VOICE.samples + white)
    narrow = resample(resample(wide, 8_000), 16_000)
    found = judge(wide, narrow, Marks([3.0, 3.5]))
    assert (found.code, found.after.bandwidth) == ("D103", pytest.approx(4_000.0, abs=200.0))


def test_what_sounds_less_natural_is_harm() -> None:
    found = judge(_NOISY, _VOICE, Marks([3.0, 2.69]))
    assert (found.code, found.reason) == ("D104", "DNSMOS P.808 would fall from 3.00 to 2.69")
    assert judge(_NOISY, _VOICE, Marks([3.0, 2.71])).code == ""


def test_what_is_harmed_is_kept_as_it_was() -> None:
    goal = replace(GATE_GOAL, rate=Marks([4.0, 3.0]))
    cleaned = clean_waveform(_NOISY, goal)
    assert (cleaned.cleaning.code, cleaned.done) == ("D104", "")
    assert cleaned.processing("resampled") == "resampled"
    assert np.array_equal(cleaned.waveform.samples, _NOISY.samples)


def test_every_code_makes_its_finding() -> None:
    for rule in RULES:
        finding = RULES.finding(rule.code, "r1", "why")
        assert (finding.code, finding.severity, finding.subject) == (rule.code, rule.severity, "r1")
