from pathlib import Path

from support.manifests import tiny_manifest

from amhctl.core.progress import SilentProgress
from amhctl.data.records import read_audio, read_records
from amhctl.workflows.split_data import SplitDataRequest, run


def test_a_new_manifest_has_the_splits(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=6)
    report = run(SplitDataRequest(manifest, valid=0.2, test=0.2), SilentProgress())
    assert report.manifest == tmp_path / "manifest.split.jsonl"
    records = read_records(report.manifest)
    assert sum(report.records.values()) == 6
    assert {r.split for r in records} == {"train", "valid", "test"}
    assert report.findings == ()
    elsewhere = run(SplitDataRequest(manifest, tmp_path / "out" / "m.jsonl"), SilentProgress()).manifest
    assert read_audio(read_records(elsewhere)[0], elsewhere.parent).duration == 1.3


def test_an_empty_split_is_a_warning(tmp_path: Path) -> None:
    report = run(SplitDataRequest(tiny_manifest(tmp_path, count=2), valid=0.01, test=0.01), SilentProgress())
    assert [(finding.code, finding.subject) for finding in report.findings] == [("D070", "valid"), ("D070", "test")]
