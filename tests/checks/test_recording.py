import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.oddaudio import odd_recordings
from support.speechlike import between_silences, vowel_train

from amhctl.audio import files
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.recording import check_audio
from amhctl.core.files import sha256_of_file
from amhctl.corpus.records import Record

_CLEAN = between_silences(vowel_train(seconds=2.0))


def _codes(folder: Path, samples: np.ndarray, rate: int = 16_000, **fields: object) -> list[str]:
    soundfile.write(folder / "a.wav", samples, rate)
    record = Record.model_validate({"id": "a", "audio": "a.wav", "text": "ሰላም", **fields})
    return [finding.code for finding in check_audio(record, folder).findings]


def test_a_clean_clip_has_no_finding(tmp_path: Path) -> None:
    assert _codes(tmp_path, _CLEAN.samples) == []
    assert _codes(tmp_path, vowel_train(seconds=2.0, seed=3).samples) == []


@pytest.mark.parametrize(
    ("code", "samples"),
    [
        ("D014", np.clip(_CLEAN.samples * 20, -1, 1)),
        ("D015", _CLEAN.samples[6_000:10_000]),
        ("D016", np.tile(_CLEAN.samples, 13)),
        ("D018", _CLEAN.samples + 0.02),
        ("D019", _CLEAN.samples * 0.02),
        ("D020", np.random.default_rng(0).normal(0, 3e-4, 32_000)),
        ("D021", _CLEAN.samples + np.random.default_rng(0).normal(0, 0.05, _CLEAN.samples.size)),
        ("D022", np.pad(_CLEAN.samples, (20_000, 0))),
        ("D023", np.pad(_CLEAN.samples, (0, 20_000))),
        ("D028", np.concatenate([_CLEAN.samples, np.zeros(28_000, dtype=np.float32), _CLEAN.samples])),
        (
            "D027",
            _CLEAN.samples
            + sum(0.004 * np.sin(2 * np.pi * f * np.arange(_CLEAN.samples.size) / 16_000) for f in (50, 100)),
        ),
        ("D026", resample(vowel_train(seconds=3.0, sample_rate=8_000), 16_000).samples),
        ("D024", np.stack([_CLEAN.samples, _CLEAN.samples], axis=1)),
    ],
)
def test_each_fault_has_its_own_code(tmp_path: Path, code: str, samples: np.ndarray) -> None:
    assert _codes(tmp_path, samples) == [code]


@pytest.mark.parametrize(("start", "lasting", "codes"), [(-0.01, 1_000, ["D022"]), (-0.05, 2_000, ["D018", "D022"])])
def test_a_sound_card_that_settles_hides_no_silence(
    tmp_path: Path, start: float, lasting: int, codes: list[str]
) -> None:
    # As in the ALFFA recordings: an offset that fades within some tenths of a second, on silence.
    samples = np.pad(_CLEAN.samples, (20_000, 0))
    settling = start * np.exp(-np.arange(samples.size) / lasting)
    assert _codes(tmp_path, samples + settling) == codes


@pytest.mark.parametrize("rate", [1, 40, 999, 1_000_001, 2**31 - 1])
def test_a_rate_that_holds_no_voice_is_no_crash(tmp_path: Path, rate: int) -> None:
    assert _codes(tmp_path, _CLEAN.samples, rate) == ["D010"]


def test_a_rate_that_holds_little_of_a_voice_is_no_crash(tmp_path: Path) -> None:
    assert "D017" in _codes(tmp_path, _CLEAN.samples, 1_000)


def test_an_offset_hides_no_quiet_voice(tmp_path: Path) -> None:
    assert _codes(tmp_path, _CLEAN.samples * 0.02 + 0.02) == ["D018", "D019"]


def test_rates_parts_and_digests(tmp_path: Path) -> None:
    assert _codes(tmp_path, vowel_train(sample_rate=8_000).samples, 8_000) == ["D017"]
    assert _codes(tmp_path, _CLEAN.samples, offset=1.0, duration=2.0) == ["D013"]
    assert _codes(tmp_path, _CLEAN.samples, offset=9.0) == ["D013"]
    assert _codes(tmp_path, _CLEAN.samples, sha256="0" * 64) == ["D025"]
    assert _codes(tmp_path, _CLEAN.samples, sha256=sha256_of_file(tmp_path / "a.wav")) == []


def test_unreadable_audio_is_told_apart(tmp_path: Path) -> None:
    def codes(name: str) -> list[str]:
        result = check_audio(Record(id="a", audio=name, text="ሰላም"), tmp_path)
        assert result.measurements is None
        return [finding.code for finding in result.findings]

    files.write(tmp_path / "a.wav", _CLEAN)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:20_000])
    (tmp_path / "text.wav").write_text("no audio", encoding="utf-8")
    (tmp_path / "empty.wav").touch()
    files.write(tmp_path / "none.wav", Waveform(np.zeros(0, dtype=np.float32), 16_000))
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.wav")
        assert codes("pipe.wav") == ["D010"]
    assert codes("missing.wav") == codes("text.wav") == codes("loop.wav") == codes(".") == ["D010"]
    assert codes("cut.wav") == ["D011"]
    assert codes("empty.wav") == codes("none.wav") == ["D012"]


def test_odd_recordings_are_findings(tmp_path: Path) -> None:
    for name, code in odd_recordings(tmp_path).items():
        found = check_audio(Record(id="a", audio=name, text="ሰላም"), tmp_path).findings
        assert code in [finding.code for finding in found], (name, found)


@pytest.mark.parametrize("values", [{"offset": 1e308}, {"duration": 1e308}, {"offset": 1e308, "duration": 1e308}])
def test_a_part_beyond_all_numbers_is_a_finding(tmp_path: Path, values: dict[str, float]) -> None:
    files.write(tmp_path / "a.wav", _CLEAN)
    record = Record.model_validate({"id": "a", "audio": "a.wav", "text": "ሰላም", **values})
    (finding,) = check_audio(record, tmp_path).findings
    assert finding.code == "D013"
    assert len(finding.message) < 100


@pytest.mark.parametrize(("factor", "gain"), [(2.0**15, 0.02), (2.0**23, 4.0), (2.0**31, 4.0)])
def test_another_full_scale_is_named_and_the_rest_judged_without_it(tmp_path: Path, factor: float, gain: float) -> None:
    soundfile.write(tmp_path / "a.wav", _CLEAN.samples * gain * factor, 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "b.wav", _CLEAN.samples * np.float32(gain), 16_000, subtype="FLOAT")
    scaled, plain = (check_audio(Record(id="a", audio=name, text="ሰላም"), tmp_path) for name in ("a.wav", "b.wav"))
    first, *others = scaled.findings
    assert (first.code, first.severity) == ("D090", "error")
    assert f"{factor:.0f}" in first.message
    assert tuple(others) == plain.findings
    assert [finding.code for finding in others] == (["D019"] if gain < 1.0 else [])
    assert scaled.measurements is not None
    assert plain.measurements is not None
    assert scaled.measurements.full_scale == factor
    assert scaled.measurements.level == pytest.approx(plain.measurements.level, abs=1e-6)
