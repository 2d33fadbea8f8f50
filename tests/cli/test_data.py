"""Twin of ``cli/data.py``."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.enhancers import open_gate, rate_noise
from support.manifests import noisy_manifest, tiny_manifest
from typer.testing import CliRunner

from amhctl.audio import files
from amhctl.audio.levels import speech_level
from amhctl.audio.waveform import Waveform
from amhctl.cli import data
from amhctl.corpus.records import read_records, write_records
from amhctl.workflows.data import clean as clean_data


def _invoke(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(data.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_import_check_split(tmp_path: Path) -> None:
    source = str(tiny_manifest(tmp_path / "in"))
    code, imported = _invoke("import", "jsonl", source, "-o", str(tmp_path / "out"))
    assert (code, imported["records"], imported["skipped"]) == (0, 4, [])
    manifest = str(imported["manifest"])
    code, checked = _invoke("check", manifest, "--report", str(tmp_path / "r.html"))
    assert (code, checked["command"], checked["ok"], checked["counts"]) == (0, "data check", True, {})
    assert checked["summary"]["records"] == 4  # type: ignore[index]
    code, split = _invoke("split", manifest, "--valid", "0.2", "--test", "0.2", "--redraw")
    assert (code, split["kept"]) == (0, 0)
    assert set(split["splits"]) == {"train", "valid", "test"}  # type: ignore[call-overload]


def test_a_lexicon_says_how_the_texts_are_read(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("ሰላም", "☃", 1), encoding="utf-8")
    (tmp_path / "snow.tsv").write_text("☃\tየበረዶ ሰው\n", encoding="utf-8")
    (tmp_path / "amhctl.toml").write_text('[paths]\nlexicons = ["snow.tsv"]\n', encoding="utf-8")
    given = ((), ("--lexicon", str(tmp_path / "snow.tsv")), ("--config", str(tmp_path)))
    checks = [_invoke("check", str(manifest), "--no-audio", *options)[1] for options in given]
    syllables = [check["summary"]["syllables"] for check in checks]  # type: ignore[index]
    assert syllables[1] == syllables[2] == syllables[0] + 6


def test_faults_make_the_verdict_negative(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    with manifest.open("a", encoding="utf-8") as stream:
        stream.write("{not json\n")
    code, checked = _invoke("check", str(manifest))
    assert code == 1
    findings = checked["findings"]
    assert [(item["code"], item["subject"]) for item in findings] == [("D001", "manifest.jsonl:5")]  # type: ignore[attr-defined]


def test_pairs_and_export(tmp_path: Path) -> None:
    manifest = str(tiny_manifest(tmp_path / "in", count=6, speakers=1))
    code, paired = _invoke("pairs", manifest, "-o", str(tmp_path / "p.jsonl"), "--epoch", "2", "--seed", "1")
    assert (code, paired["pairs"], paired["epoch"]) == (0, 6, 2)
    code, exported = _invoke("export", manifest, "lhotse", "-o", str(tmp_path / "out"))
    assert (code, exported["records"], exported["skipped"]) == (0, 6, [])
    code, imported = _invoke("import", "lhotse", str(tmp_path / "out"), "-o", str(tmp_path / "back"))
    assert (code, imported["records"]) == (0, 6)


def test_what_splits_are_disjoint_in(tmp_path: Path) -> None:
    manifest = str(tiny_manifest(tmp_path, count=12, speakers=6, seconds=0.3))
    tied = str(tiny_manifest(tmp_path / "tied", count=12, speakers=4, seconds=0.3))
    shares = ["--valid", "0.2", "--test", "0.2", "--redraw", "--force"]
    for option in (["--disjoint", "speaker"], ["--by", "speaker"]):
        code, split = _invoke("split", manifest, *shares, *option)
        assert code == 0
        assert sum(item["speakers"] for item in split["splits"].values()) == 6  # type: ignore[attr-defined]
    code, answer = _invoke("split", tied, *shares, "--disjoint", "text, speaker")
    assert code == 3
    assert "too few for 3 splits" in answer["error"]["message"]  # type: ignore[index]
    result = CliRunner().invoke(data.app, ["split", manifest, "--disjoint", "text,mood"])
    assert (result.exit_code, "'mood' is none of" in result.stderr) == (2, True)


def test_check_and_split_mean_the_same_by_disjoint(tmp_path: Path) -> None:
    manifest = str(tiny_manifest(tmp_path))
    counts = {
        option: _invoke("check", manifest, "--no-audio", "--disjoint", option)[1]["counts"]
        for option in ("text", "speaker", "text, speaker,session")
    }
    assert counts == {"text": {}, "speaker": {"D058": 1}, "text, speaker,session": {"D058": 1}}
    result = CliRunner().invoke(data.app, ["check", manifest, "--disjoint", "mood"])
    assert (result.exit_code, "'mood' is none of" in result.stderr) == (2, True)


def test_a_repaired_copy(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    records = read_records(manifest)
    samples = files.read(manifest.parent / records[0].audio).samples
    files.write(manifest.parent / records[0].audio, Waveform(samples + np.float32(0.02), 16_000))
    missing = records[1].model_copy(update={"audio": "none.wav"})
    write_records(manifest, [records[0], missing, *records[2:]], force=True)
    out = str(tmp_path / "out")
    arguments = ["check", str(manifest), "--fix", "-o", out, "--level", "-30", "--rate", "22050"]
    code, checked = _invoke(*arguments)
    # The missing recording is left out; what is kept has no error.
    assert (code, checked["ok"], checked["counts"]) == (0, True, {"D010": 1, "D018": 1})
    fixed = checked["fixed"]
    assert {**fixed, "left_out": [item["subject"] for item in fixed["left_out"]]} == {  # type: ignore[dict-item, index]
        "manifest": str(tmp_path / "out" / "manifest.jsonl"),
        "log": str(tmp_path / "out" / "repairs.jsonl"),
        "records": 3,
        "repairs": {"D018": 1},
        "cleaned": 0,
        "kept": [],
        "left_out": ["r1"],
    }
    for record in read_records(tmp_path / "out" / "manifest.jsonl"):
        waveform = files.read(tmp_path / "out" / record.audio)
        assert waveform.sample_rate == 22_050
        assert speech_level(waveform) == pytest.approx(-30.0, abs=0.01)
    code, again = _invoke(*arguments)
    assert (code, again["error"]["type"]) == (3, "FileExistsRefused")  # type: ignore[index]
    assert _invoke(*arguments, "--force")[0] == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--fix"],
        ["-o", "x"],
        ["--level", "-20"],
        ["--rate", "16000"],
        ["--clean"],
        ["--fix", "-o", "x", "--no-audio"],
        ["--fix", "-o", "x", "--attenuation", "12"],
    ],
)
def test_options_of_a_repair_go_together(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(data.app, ["check", str(tiny_manifest(tmp_path)), *options])
    assert result.exit_code == 2
    assert "--clean" in result.stderr if "--attenuation" in options else "--fix" in result.stderr
    assert not Path("x").exists()


@pytest.mark.parametrize("command", [["check"], ["split"], ["pairs", "-o", "p"], ["export", "-o", "x"]])
def test_a_manifest_that_cannot_be_read_is_an_error(tmp_path: Path, command: list[str]) -> None:
    name, *rest = [str(tmp_path / part) if part in "px" else part for part in command]
    more = ["jsonl"] if name == "export" else []
    code, answer = _invoke(name, str(tmp_path / "none.jsonl"), *more, *rest)
    assert (code, answer["ok"]) == (3, False)
    assert answer["error"]["type"] == "DatasetError"  # type: ignore[index]


def test_an_unknown_format_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(data.app, ["import", "excel", str(tmp_path), "-o", str(tmp_path)])
    assert result.exit_code == 2


def test_a_manifest_is_cleaned_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_data, "open_deepfilternet", open_gate)
    monkeypatch.setattr(clean_data, "score_apart", rate_noise)
    arguments = ["clean", str(noisy_manifest(tmp_path, count=2)), "-o", str(tmp_path / "out"), "--attenuation", "20"]
    code, first = _invoke(*arguments, "--report", str(tmp_path / "r.html"))
    assert (code, first["command"], first["cleaned"], first["new"]) == (0, "data clean", 2, 2)
    assert first["report"] == str(tmp_path / "r.html")
    code, again = _invoke(*arguments)
    assert (code, again["cleaned"], again["new"]) == (0, 2, 0)
    assert (again["before"], again["after"]) == (first["before"], first["after"])
    (tmp_path / "wav" / "r1.wav").write_bytes(b"RIFF")
    code, other = _invoke(*arguments, "--force")
    assert (code, other["counts"], other["findings"][0]["code"]) == (1, {"D100": 1}, "D100")  # type: ignore[index]


@pytest.mark.parametrize("limit", ["0", "-3", "nan", "inf"])
def test_a_limit_that_is_none_is_wrong_usage(tmp_path: Path, limit: str) -> None:
    result = CliRunner().invoke(data.app, ["clean", "m.jsonl", "-o", str(tmp_path / "out"), "--attenuation", limit])
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_options_of_a_recogniser_need_each_other_and_recordings(tmp_path: Path) -> None:
    manifest = str(tiny_manifest(tmp_path))
    for wrong in (("--recogniser", "x"), ("--recognise", "--no-audio")):
        assert CliRunner().invoke(data.app, ["check", manifest, *wrong]).exit_code == 2
    for number in ("0.5", "nan"):
        words = ["align", "a.wav", "a.txt", "-o", str(tmp_path / "out"), "--confidence", number]
        assert CliRunner().invoke(data.app, words).exit_code == 2
