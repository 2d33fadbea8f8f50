import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.checks.manifest import CheckOptions, ManifestCheck, check_manifest
from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
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
    text = "ሰላም ዓለም እንዴት ነህ ዛሬ"
    usual = [first.model_copy(update={"id": f"u{n}", "text": text}) for n in range(24)]
    # Of a few syllables nobody can tell: breath at the edges is longer than they are.
    few = first.model_copy(update={"id": "few", "text": "ሰላም ነው እኮ"})
    _change(manifest, *usual, few, second.model_copy(update={"text": f"{text} {text}"}))
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


class _Meddler(SilentProgress):
    """Does something once, after the first record was checked."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self._deed: Callable[[], object] | None = deed

    def advance(self, amount: int = 1, note: str = "") -> None:
        deed, self._deed = self._deed, None
        if deed is not None:
            deed()


def _meddle(manifest: Path, deed: Callable[[], object], options: CheckOptions) -> ManifestCheck:
    return check_manifest(manifest, Frontend(), None, _Meddler(deed), options)


def test_a_file_that_vanishes_meanwhile_is_one_finding(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "data")
    vanishing = tmp_path / "data" / "wav" / "r2.wav"
    for cache in (None, tmp_path / "cache"):
        content = vanishing.read_bytes()
        check = _meddle(manifest, vanishing.unlink, CheckOptions(cache=cache))
        assert [(finding.code, finding.subject) for finding in check.findings] == [("D010", "r2")]
        vanishing.write_bytes(content)


def test_a_worker_that_is_killed_is_an_error_and_what_was_measured_is_kept(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    first = read_records(manifest)[0]
    _change(manifest, *[first.model_copy(update={"id": f"u{n}", "offset": n / 1_000}) for n in range(400)])
    _change(manifest, *[record.model_copy(update={"duration": 0.8}) for record in read_records(manifest)])

    def kill() -> None:
        for child in multiprocessing.active_children():
            child.kill()

    options = CheckOptions(workers=2, cache=tmp_path / "cache")
    with pytest.raises(DatasetError, match="worker process") as caught:
        _meddle(manifest, kill, options)
    assert "--workers" in caught.value.hint
    kept = (tmp_path / "cache" / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    assert 0 < len(kept) < 400
    again = check_manifest(manifest, Frontend(), None, SilentProgress(), CheckOptions(cache=tmp_path / "cache"))
    assert again.counts == _check(manifest).counts


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows pass every permission")
def test_a_folder_without_permission_is_a_finding_of_each_record(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    (tmp_path / "wav").chmod(0)
    try:
        assert _codes(manifest) == [("D010", f"r{n}") for n in range(4)]
    finally:
        (tmp_path / "wav").chmod(0o700)


def test_a_check_that_is_killed_leaves_measurements_that_the_next_one_takes(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    first = read_records(manifest)[0]
    parts = [first.model_copy(update={"id": f"u{n}", "offset": n / 1_000, "duration": 0.8}) for n in range(200)]
    _change(manifest, *parts)
    cache = tmp_path / "cache"
    kept = cache / "measurements.jsonl"
    command = [sys.executable, "-m", "amhctl", "data", "check", str(manifest), "--cache", str(cache), "-q"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (kept.exists() and kept.stat().st_size > 4_000):
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    with kept.open("ab") as stream:
        # The worst that a kill can leave: a line of which a half was written.
        stream.write(kept.read_bytes().splitlines()[0][:300])
    whole = check_manifest(manifest, Frontend(), None, SilentProgress(), CheckOptions(cache=cache))
    alone = _check(manifest)
    assert (whole.findings, whole.table.measurements) == (alone.findings, alone.table.measurements)
