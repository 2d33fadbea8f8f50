from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.data.checks import CheckOptions, ManifestCheck, check_manifest
from amhctl.data.records import Record, read_records, write_records
from amhctl.text.frontend import Frontend


def _check(manifest: Path) -> ManifestCheck:
    return check_manifest(manifest, Frontend(), None, SilentProgress())


def _codes(manifest: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in _check(manifest).findings]


def _change(manifest: Path, *changed: Record) -> None:
    write_records(manifest, changed, force=True)


def test_a_clean_manifest_has_no_finding(tmp_path: Path) -> None:
    assert _codes(tiny_manifest(tmp_path)) == []


def test_faulty_lines_do_not_hide_the_rest(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.write_text("".join([lines[0], "{oops\n", *lines[1:], lines[0]]), encoding="utf-8")
    assert _codes(manifest) == [("D001", "manifest.jsonl:2"), ("D002", "r0"), ("D051", "r0"), ("D052", "r0")]


def test_duplicates_and_leaks_across_records(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    first, second, third, fourth = read_records(manifest)
    _change(manifest, first, second, third.model_copy(update={"audio": first.audio, "duration": None}), fourth)
    assert _codes(manifest) == [("D050", "r2")]
    # r0 is in valid, r1 in train; marks and spaces do not make another text.
    _change(manifest, first, second.model_copy(update={"text": f" {first.text[:-1]}፣"}), third, fourth)
    assert _codes(manifest) == [("D053", "r1")]


def test_a_lone_speaker_is_named(tmp_path: Path) -> None:
    assert _codes(tiny_manifest(tmp_path, count=3)) == [("D054", "s1")]


def test_an_unusual_rate_stands_out_from_its_speaker(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=2, speakers=1, seconds=2.0)
    first, second = read_records(manifest)
    usual = [first.model_copy(update={"id": f"u{n}", "text": "ሰላም ዓለም እንዴት ነህ ዛሬ"}) for n in range(24)]
    _change(manifest, *usual, second.model_copy(update={"text": "ሰላም ነው እኮ"}))
    codes = [(code, subject) for code, subject in _codes(manifest) if code.startswith("D04")]
    assert codes == [("D042", "r1")]


def test_an_empty_manifest_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").touch()
    with pytest.raises(DatasetError):
        _check(tmp_path / "m.jsonl")


def test_findings_beyond_the_cap_are_counted_and_not_listed(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    first = read_records(manifest)[0]
    _change(manifest, *[first.model_copy(update={"id": f"r{n % 7}", "text": "hello"}) for n in range(12)])
    options = [CheckOptions(audio=False, most_listed=most) for most in (None, 2)]
    whole, capped = [check_manifest(manifest, Frontend(), None, SilentProgress(), each) for each in options]
    assert whole.counts == capped.counts
    assert (whole.counts["D002"], whole.counts["D031"], whole.counts["D052"]) == (5, 12, 11)
    assert whole.severities == capped.severities
    assert len(whole.findings) == sum(whole.counts.values())
    assert [finding for finding in whole.findings if finding.code == "D031"][:2] == [
        finding for finding in capped.findings if finding.code == "D031"
    ]
