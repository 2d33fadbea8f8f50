"""Twin of ``cli/data.py``."""

import json
from pathlib import Path

import pytest
from support.manifests import tiny_manifest
from typer.testing import CliRunner

from amhctl.cli import data


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
