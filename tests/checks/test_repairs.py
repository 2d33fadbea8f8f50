"""Twin of ``checks/repairs.py``."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.enhancers import GATE_GOAL, NoiseRating
from support.loudness import rms_level
from support.speechlike import between_silences, vowel_train

from amhctl.audio import levels
from amhctl.audio.waveform import Waveform
from amhctl.checks.recording import check_audio
from amhctl.checks.repairs import REPAIRABLE, RepairGoal, RepairJob, RepairResult, repair_recording, repair_waveform
from amhctl.corpus.records import Record

_CLEAN = between_silences(vowel_train(seconds=2.0))
_RATE = _CLEAN.sample_rate
_GOAL = RepairGoal()


def _repair(folder: Path, samples: np.ndarray, goal: RepairGoal = _GOAL, *codes: str) -> RepairResult:
    soundfile.write(folder / "a.wav", samples, _RATE, subtype="FLOAT")
    (folder / "out").mkdir()
    record = Record(id="a", audio="a.wav", text="ሰላም")
    return repair_recording(RepairJob(record, frozenset(codes), folder, folder / "out", "a.flac", goal))


@pytest.mark.parametrize(
    ("codes", "samples"),
    [
        (["D018"], _CLEAN.samples + 0.02),
        (["D019"], _CLEAN.samples * 0.02),
        (["D022"], np.pad(_CLEAN.samples, (20_000, 0))),
        (["D023"], np.pad(_CLEAN.samples, (0, 20_000))),
        (["D024"], np.stack([_CLEAN.samples, _CLEAN.samples], axis=1)),
        (["D090"], _CLEAN.samples * 2.0**15),
        (["D024", "D090"], np.stack([_CLEAN.samples, _CLEAN.samples], axis=1) * 2.0**23),
        (["D018", "D022", "D023"], np.pad(_CLEAN.samples, 24_000) - 0.01),
    ],
)
def test_each_repairable_fault_is_taken_away_and_told(tmp_path: Path, codes: list[str], samples: np.ndarray) -> None:
    result = _repair(tmp_path, samples, RepairGoal(), *codes)
    assert {change.code for change in result.changes} - {""} == set(codes)
    assert all(change.before != change.after for change in result.changes)
    again = check_audio(result.record, tmp_path / "out")
    assert again.findings == ()
    assert again.measurements == result.measurements
    assert again.measurements is not None
    assert again.measurements.level == pytest.approx(-24.0, abs=0.01)
    assert result.record.duration == again.measurements.duration


def test_an_offset_that_fades_leaves_none_behind() -> None:
    # A sound card that settles with a time constant of half a second.
    fading = 0.02 * np.exp(-np.arange(_CLEAN.samples.size) / (0.5 * _RATE))
    drifting = Waveform((_CLEAN.samples + fading).astype(np.float32), _RATE)
    done = repair_waveform(drifting, frozenset({"D018"}), RepairGoal())
    repaired = done.waveform
    assert [change.code for change in done.changes] == ["D018", ""]
    halves = np.array_split(repaired.samples, 2)
    assert max(abs(float(half.mean())) for half in halves) < 1e-4


def test_a_small_offset_is_not_raised_with_the_speech(tmp_path: Path) -> None:
    # Under the limit of ±0.002 in a quiet clip; the gain would make ten times as much of it.
    fading = -0.01 * np.exp(-np.arange(_CLEAN.samples.size) / 1_600)
    quiet = _CLEAN.samples * 10.0 ** ((-44.0 - levels.speech_level(_CLEAN)) / 20.0)
    result = _repair(tmp_path, quiet + fading)
    assert [(change.code, change.done) for change in result.changes] == [
        ("", "high-pass filter at 20 Hz"),
        ("", "brought to a loudness"),
    ]
    assert check_audio(result.record, tmp_path / "out").findings == ()
    assert result.measurements is not None
    assert abs(result.measurements.offset) < 1e-4


def test_speech_stays_what_it_was_beneath_the_offset() -> None:
    offset = Waveform(_CLEAN.samples + np.float32(0.02), _RATE)
    level = levels.speech_level(_CLEAN)
    repaired = repair_waveform(offset, frozenset({"D018"}), RepairGoal(level=level)).waveform
    error = repaired.samples - _CLEAN.samples
    assert rms_level(Waveform(error, _RATE)) < level - 35.0


def test_the_edges_that_are_kept_and_the_rate() -> None:
    waveform = between_silences(_CLEAN, before=2.0, after=3.0)
    done = repair_waveform(waveform, frozenset(), RepairGoal(sample_rate=24_000))
    repaired = done.waveform
    before, after = levels.silent_edges(repaired)
    assert (before, after) == (pytest.approx(0.2, abs=0.03), pytest.approx(0.2, abs=0.03))
    assert repaired.sample_rate == 24_000
    assert [(change.code, change.done) for change in done.changes] == [
        ("D022", "leading silence trimmed"),
        ("D023", "trailing silence trimmed"),
        ("", "resampled"),
        ("", "brought to a loudness"),
    ]
    assert (done.changes[2].before, done.changes[2].after) == (16_000, 24_000)


def test_a_peak_that_stands_in_the_way_is_a_reason(tmp_path: Path) -> None:
    samples = _CLEAN.samples * np.float32(0.002)
    samples[20_000] = 1.0
    result = _repair(tmp_path, samples, RepairGoal(), "D019")
    assert (result.measurements, result.code) == (None, "D020")
    assert not (tmp_path / "out" / "a.flac").exists()


def test_strict_leaves_out_what_has_a_warning_still(tmp_path: Path) -> None:
    hiss = np.random.default_rng(0).normal(0, 0.05, _CLEAN.samples.size)
    lax, strict = tmp_path / "lax", tmp_path / "strict"
    lax.mkdir()
    strict.mkdir()
    assert _repair(lax, _CLEAN.samples + hiss).measurements is not None
    assert _repair(strict, _CLEAN.samples + hiss, RepairGoal(strict=True)).code == "D021"


def test_a_file_that_has_vanished_is_left_out(tmp_path: Path) -> None:
    record = Record(id="a", audio="a.wav", text="ሰላም")
    result = repair_recording(RepairJob(record, frozenset(), tmp_path, tmp_path, "a.flac", RepairGoal()))
    assert (result.code, result.reason) == ("D010", "the audio file does not exist")


def test_codes_are_those_of_recordings() -> None:
    assert {f"D0{number}" for number in (*range(10, 30), 90)} > REPAIRABLE


def test_silence_that_an_offset_hides_is_trimmed(tmp_path: Path) -> None:
    samples = np.pad(_CLEAN.samples, (20_000, 0))
    # Too short to move the mean: nothing but the silence is to be repaired.
    result = _repair(tmp_path, samples - 0.01 * np.exp(-np.arange(samples.size) / 1_000), _GOAL, "D022")
    assert [change.code for change in result.changes] == ["D022", ""]
    assert check_audio(result.record, tmp_path / "out").findings == ()


def _noisy() -> np.ndarray:
    return _CLEAN.samples + np.random.default_rng(4).normal(0.0, 2e-3, _CLEAN.samples.size)


def test_noise_is_taken_out_before_edges_and_level_and_told(tmp_path: Path) -> None:
    result = _repair(tmp_path, _noisy(), RepairGoal(cleaning=GATE_GOAL))
    assert result.cleaning is not None
    assert result.record.processing == "cleaned by Gate 1, at most 20.0 dB (gate20.00000)"
    told = [(change.code, change.done) for change in result.changes]
    names = ("p808", "overall", "level", "bandwidth")
    assert told[:4] == [("", f"{result.record.processing} ({name})") for name in names]
    assert told[-1] == ("", "brought to a loudness")
    assert (result.changes[0].before, result.changes[0].after) == (
        result.cleaning.before.p808,
        result.cleaning.after.p808,
    )
    assert result.measurements is not None
    (tmp_path / "plain").mkdir()
    plain = _repair(tmp_path / "plain", _noisy()).measurements
    assert plain is not None
    assert result.measurements.snr > plain.snr + 10.0
    assert result.measurements.level == pytest.approx(-24.0, abs=0.01)


def test_what_cleaning_would_harm_is_repaired_all_the_same(tmp_path: Path) -> None:
    marks = iter([4.0, 3.0])
    goal = RepairGoal(cleaning=replace(GATE_GOAL, rate=lambda _: NoiseRating(next(marks))))
    result = _repair(tmp_path, _noisy(), goal)
    assert result.cleaning is not None
    assert (result.cleaning.code, result.record.processing) == ("D104", "")
    assert result.changes[0].done == "kept, D104: DNSMOS P.808 would fall from 4.00 to 3.00 (p808)"
    (tmp_path / "plain").mkdir()
    assert result.measurements == _repair(tmp_path / "plain", _noisy()).measurements
