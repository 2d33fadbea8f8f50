"""Clips of a speaker: each fault is found by its code, a good clip has none, and an unusable one is refused."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from support.realdata import real_manifest
from support.speechlike import between_silences, vowel_train

from amhctl.audio import files
from amhctl.audio.referenceclip import REFERENCE_SECONDS, RULES, check_reference, find_refusal, read_reference
from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Severity
from amhctl.corpus.records import audio_path, read_records

GOOD = between_silences(vowel_train(seconds=6.0, level=0.4))


def codes(waveform: Waveform) -> list[str]:
    return [finding.code for finding in check_reference(waveform, "clip")]


def changed(samples: np.ndarray, sample_rate: int = 16_000) -> Waveform:
    return Waveform(samples.astype(np.float32), sample_rate)


def telephone(samples: np.ndarray) -> np.ndarray:
    return soxr.resample(soxr.resample(samples, 16_000, 7_000), 7_000, 16_000)


def with_noise(samples: np.ndarray, deviation: float) -> np.ndarray:
    return samples + np.random.default_rng(1).normal(0.0, deviation, samples.size)


def with_peaks_cut(samples: np.ndarray) -> np.ndarray:
    top = np.quantile(np.abs(samples), 0.97)
    return np.clip(samples, -top, top)


def test_a_good_clip_has_no_finding() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (np.zeros(32_000), ["S009"]),
        (GOOD.samples * 1e-4, ["S009"]),
        (np.full(32_000, 0.3), ["S009"]),
        (vowel_train(seconds=0.4).samples, ["S010"]),
        (between_silences(vowel_train(seconds=0.4), before=3.0, after=3.0).samples, ["S010"]),
        (vowel_train(seconds=2.5).samples, ["S011"]),
        (with_noise(GOOD.samples, 0.03), ["S013"]),
        (with_peaks_cut(GOOD.samples), ["S014"]),
        (telephone(with_noise(GOOD.samples, 1e-3)), ["S015"]),
        (GOOD.samples * 2e-2, ["S016"]),
        (between_silences(vowel_train(seconds=4.0), before=5.0, after=5.0).samples, ["S017"]),
    ],
)
def test_each_fault_has_its_code(samples: np.ndarray, found: list[str]) -> None:
    assert codes(changed(samples)) == found


def test_a_file_of_a_low_rate_is_of_a_narrow_band() -> None:
    assert codes(changed(soxr.resample(GOOD.samples, 16_000, 8_000), 8_000)) == ["S015"]


def test_findings_say_what_was_measured_the_limit_and_what_to_do() -> None:
    (finding,) = check_reference(vowel_train(seconds=2.5), "clip.wav")
    assert (finding.subject, finding.severity) == ("clip.wav", Severity.WARNING)
    assert finding.message == "2.5 s of speech, less than 3 s"
    assert finding.hint == "give 5 to 15 s of one person speaking"


def test_only_an_error_refuses() -> None:
    for samples in (np.zeros(32_000), vowel_train(seconds=0.4).samples, vowel_train(seconds=0.6).samples, GOOD.samples):
        clip = changed(samples)
        errors = [one for one in check_reference(clip, "clip") if one.severity is Severity.ERROR]
        refusal = find_refusal(clip, "clip")
        assert errors == ([refusal] if refusal else [])
    assert find_refusal(GOOD, "clip") is None
    assert {rule.code for rule in RULES if rule.severity is Severity.ERROR} == {"S009", "S010"}


def test_of_a_long_file_only_what_is_heard_is_read_and_judged(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    speech = vowel_train(seconds=REFERENCE_SECONDS, level=0.4).samples
    files.write(path, changed(np.concatenate([speech, np.zeros(20 * 16_000)])))
    clip = read_reference(path)
    assert clip.waveform.duration == REFERENCE_SECONDS
    assert [(one.code, one.severity, one.message) for one in clip.findings] == [
        ("S012", Severity.INFO, "only the first 15 s of 35.0 s are used")
    ]
    files.write(path, changed(np.concatenate([np.zeros(20 * 16_000), speech])))
    assert [one.code for one in read_reference(path).findings] == ["S009"]
    files.write(path, changed(speech))
    assert read_reference(path).findings == ()


def test_of_real_recordings_the_good_ones_pass_and_spoilt_copies_are_found() -> None:
    manifest = real_manifest("m01")
    records = [one for one in read_records(manifest) if one.split != "none"][::85]
    clips = [files.read(audio_path(one, manifest.parent)) for one in records]
    clips = [clip for clip in clips if clip.duration > 5.0]
    assert len(clips) >= 4
    passed = [clip for clip in clips if not codes(clip)]
    # A phone in a quiet room: most, but not all, are quiet enough.
    assert len(passed) >= 0.6 * len(clips)
    for clip in passed:
        level = float(np.abs(clip.samples).mean())
        assert "S013" in codes(changed(with_noise(clip.samples, level / 2)))
        assert "S014" in codes(changed(with_peaks_cut(clip.samples)))
        assert "S015" in codes(changed(telephone(clip.samples)))
        assert codes(changed(clip.samples[: round(1.5 * clip.sample_rate)]))[:1] in (["S010"], ["S011"])
