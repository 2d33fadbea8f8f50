from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import OptionError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_audio, read_records, write_records
from amhctl.workflows.data.split import SplitDataRequest, run


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
    with pytest.raises(OptionError, match="cannot be disjoint"):
        run(SplitDataRequest(manifest, tmp_path / "x.jsonl", disjoint=("mood",)), SilentProgress())


def _rewrite(manifest: Path, **changes: object) -> None:
    records = [record.model_copy(update=changes) for record in read_records(manifest)]
    write_records(manifest, records, force=True)


def test_a_share_that_cannot_be_had_is_a_finding(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=12, speakers=4, seconds=0.3)
    request = SplitDataRequest(manifest, valid=0.15, test=0.15, disjoint=("speaker",), redraw=True)
    report = run(request, SilentProgress())
    assert [(finding.code, finding.subject) for finding in report.findings] == [("D075", "valid"), ("D075", "test")]
    assert report.findings[0].message == "3 of 12 records are 25.0%, 15.0% were requested"
    assert "--disjoint" in report.findings[0].hint
    request = SplitDataRequest(manifest, tmp_path / "kept.jsonl", valid=0.5, test=0, disjoint=("speaker",))
    (finding,) = run(request, SilentProgress()).findings
    assert (finding.code, finding.subject) == ("D075", "valid")
    assert finding.hint == "12 records had a split already: --redraw assigns all of them again"


def test_lengths_that_are_not_known_are_not_zero(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=6)
    first, *others = read_records(manifest)
    write_records(manifest, [first, *(item.model_copy(update={"duration": None}) for item in others)], force=True)
    report = run(SplitDataRequest(manifest, valid=0, test=0, redraw=True), SilentProgress())
    assert (report.hours["train"], report.untimed["train"]) == (first.duration / 3600, 5)  # type: ignore[operator]
    assert list(report.lines())[1] == "train: 6 records, 0.000 h and 5 of unknown length, 2 speakers"
    _rewrite(manifest, duration=None)
    report = run(SplitDataRequest(manifest, valid=0, test=0, redraw=True, force=True), SilentProgress())
    assert (report.hours["train"], report.untimed["train"]) == (0.0, 6)
    assert list(report.lines())[1:] == [
        "train: 6 records, of unknown length, 2 speakers",
        "valid: 0 records, 0.000 h, 0 speakers",
        "test: 0 records, 0.000 h, 0 speakers",
    ]
