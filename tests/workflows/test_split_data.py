from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.data.records import read_audio, read_records
from amhctl.workflows.split_data import SplitDataRequest, run


def test_a_new_manifest_has_the_splits(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=6)
    report = run(SplitDataRequest(manifest, valid=0.2, test=0.2, redraw=True), SilentProgress())
    assert report.manifest == tmp_path / "manifest.split.jsonl"
    records = read_records(report.manifest)
    assert sum(report.records.values()) == 6
    assert {r.split for r in records} == {"train", "valid", "test"}
    assert report.findings == ()
    elsewhere = run(SplitDataRequest(manifest, tmp_path / "out" / "m.jsonl"), SilentProgress()).manifest
    assert read_audio(read_records(elsewhere)[0], elsewhere.parent).duration == 1.3


def test_an_empty_split_is_a_warning(tmp_path: Path) -> None:
    report = run(
        SplitDataRequest(tiny_manifest(tmp_path, count=2), valid=0.01, test=0.01, redraw=True), SilentProgress()
    )
    assert [(finding.code, finding.subject) for finding in report.findings] == [("D070", "valid"), ("D070", "test")]


def test_splits_that_are_there_are_kept(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=6)
    report = run(SplitDataRequest(manifest, tmp_path / "kept.jsonl"), SilentProgress())
    assert report.payload()["kept"] == 6
    assert [r.split for r in read_records(report.manifest)] == [r.split for r in read_records(manifest)]
    assert "--redraw" in list(report.lines())[-1]
    redrawn = run(SplitDataRequest(manifest, tmp_path / "new.jsonl", redraw=True), SilentProgress())
    assert redrawn.payload()["kept"] == 0


def test_speakers_apart(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=12, speakers=6, seconds=0.3)
    request = SplitDataRequest(manifest, valid=0.2, test=0.2, disjoint=("speaker",), redraw=True)
    records = read_records(run(request, SilentProgress()).manifest)
    assert len({(r.speaker, r.split) for r in records}) == 6
    with pytest.raises(DatasetError, match="cannot be disjoint"):
        run(SplitDataRequest(manifest, tmp_path / "x.jsonl", disjoint=("mood",)), SilentProgress())
