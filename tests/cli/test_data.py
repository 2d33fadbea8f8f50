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
    code, split = _invoke("split", manifest, "--valid", "0.2", "--test", "0.2")
    assert code == 0
    assert set(split["splits"]) == {"train", "valid", "test"}  # type: ignore[call-overload]


def test_faults_make_the_verdict_negative(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    with manifest.open("a", encoding="utf-8") as stream:
        stream.write("{not json\n")
    code, checked = _invoke("check", str(manifest))
    assert code == 1
    findings = checked["findings"]
    assert [(item["code"], item["subject"]) for item in findings] == [("D001", "manifest.jsonl:5")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", [["check"], ["split"]])
def test_a_manifest_that_cannot_be_read_is_an_error(tmp_path: Path, command: list[str]) -> None:
    code, answer = _invoke(*command, str(tmp_path / "none.jsonl"))
    assert (code, answer["ok"]) == (3, False)
    assert answer["error"]["type"] == "DatasetError"  # type: ignore[index]


def test_an_unknown_format_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(data.app, ["import", "excel", str(tmp_path), "-o", str(tmp_path)])
    assert result.exit_code == 2
