import json
from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_audio, read_records
from amhctl.workflows.data.import_ import ImportDataRequest, run


def test_an_imported_manifest_finds_its_recordings_from_anywhere(tmp_path: Path) -> None:
    source = tiny_manifest(tmp_path / "in")
    for output in (tmp_path / "out", tmp_path / "in" / "..", tmp_path):
        report = run(ImportDataRequest("jsonl", source, output, force=True), SilentProgress())
        records = read_records(report.manifest)
        assert [r.id for r in records] == ["r0", "r1", "r2", "r3"]
        assert read_audio(records[0], report.manifest.parent).duration == 1.3
    assert records[0].audio == "in/wav/r0.wav"


def test_what_is_skipped_is_reported(tmp_path: Path) -> None:
    source = tiny_manifest(tmp_path)
    with source.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"audio": "gone.wav", "text": "ሰላም", "mood": 1}) + "\n")
    report = run(ImportDataRequest("jsonl", source, tmp_path / "out"), SilentProgress())
    assert report.ok
    assert [finding.code for finding in report.findings] == ["D060", "D061"]
    assert report.payload()["records"] == 4
    with pytest.raises(FileExistsRefused):
        run(ImportDataRequest("jsonl", source, tmp_path / "out"), SilentProgress())
