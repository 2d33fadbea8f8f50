import json
from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.workflows.data import import_ as import_data
from amhctl.workflows.data.export import ExportDataRequest, run


def test_an_export_is_imported_as_it_was(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    report = run(ExportDataRequest(manifest, "jsonl", tmp_path / "out"), SilentProgress())
    assert report.findings == ()
    assert report.payload()["records"] == 4
    back = import_data.run(
        import_data.ImportDataRequest("jsonl", report.files[0], tmp_path / "in", force=True), SilentProgress()
    )
    before = manifest.read_bytes()
    assert back.manifest.read_bytes() == before
    with pytest.raises(FileExistsRefused):
        run(ExportDataRequest(manifest, "jsonl", tmp_path / "out"), SilentProgress())


def test_what_is_lost_is_reported(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    lines = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    lines[0]["text"] = "ሰ|ላም"
    lines[1] |= {"offset": 0.5, "duration": 0.5}
    manifest.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    report = run(ExportDataRequest(manifest, "ljspeech", tmp_path / "out"), SilentProgress())
    assert report.ok
    assert [(finding.code, finding.subject) for finding in report.findings] == [
        ("D062", "r0"),
        ("D063", "offset"),
        ("D063", "speaker"),
        ("D063", "split"),
        ("D064", str(tmp_path / "out")),
    ]
    assert (report.records, report.recoded) == (3, 1)
    assert list(report.lines())[-2:] == ["3 records", "1 skipped"]


def test_a_faulty_manifest_leaves_no_export(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    with manifest.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    with pytest.raises(DatasetError):
        run(ExportDataRequest(manifest, "lhotse", tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()
