"""Twin of ``checks/repaired_copy.py``."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.manifests import tiny_manifest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.checks.manifest import CheckOptions, ManifestCheck, check_manifest
from amhctl.checks.repaired_copy import RepairedCopy, write_repaired_copy
from amhctl.checks.repairs import REPAIRABLE, RepairGoal
from amhctl.core.errors import DatasetError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
from amhctl.text.frontend import Frontend

_FRONTEND = Frontend()


def _check(manifest: Path) -> ManifestCheck:
    return check_manifest(manifest, _FRONTEND, None, SilentProgress(), CheckOptions(most_listed=None))


def _repair(manifest: Path, output: Path, *, workers: int = 1, strict: bool = False) -> RepairedCopy:
    goal = RepairGoal(strict=strict)
    return write_repaired_copy(manifest, _check(manifest), goal, output, SilentProgress(), workers=workers)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _digests(folder: Path) -> dict[str, str]:
    return {str(path): sha256_of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _spoil(samples: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return samples with some of the faults that a repair takes away, and sometimes a peak that stands in its way."""
    before, after = (generator.integers(0, 40_000) if generator.random() < 0.4 else 0 for _ in range(2))
    noise = generator.normal(0.0, 3e-4, before + after + samples.size)
    spoilt = np.pad(samples, (before, after)) + noise  # type: ignore[arg-type]
    if generator.random() < 0.4:
        fade = np.exp(-np.arange(spoilt.size) / (16_000 * generator.uniform(0.2, 20.0)))
        spoilt = spoilt + generator.uniform(-0.02, 0.02) * fade
    if generator.random() < 0.5:
        spoilt = spoilt * 10.0 ** (-generator.uniform(0.0, 45.0) / 20.0)
    if generator.random() < 0.2:
        spoilt[generator.integers(spoilt.size)] = 0.99
    return np.clip(spoilt, -1.0, 1.0).astype(np.float32)


def _spoilt_manifest(folder: Path, seed: int, count: int = 24) -> Path:
    generator = np.random.default_rng(seed)
    records = []
    for number in range(count):
        samples = vowel_train(seconds=1.5 + 0.02 * number, seed=100 * seed + number, pitch=100.0).samples
        files.write(folder / f"{number}.wav", Waveform(_spoil(samples, generator), 16_000))
        records.append(Record(id=f"r/{number}", audio=f"{number}.wav", text="ሰላም ዓለም እንዴት ነህ።", speaker="s"))
    write_records(folder / "manifest.jsonl", records)
    return folder / "manifest.jsonl"


@pytest.mark.parametrize("seed", range(4))
def test_what_was_repaired_is_not_found_again(tmp_path: Path, seed: int) -> None:
    manifest = _spoilt_manifest(tmp_path / "in", seed)
    source = _digests(tmp_path / "in")
    before = _check(manifest)
    copy = _repair(manifest, tmp_path / "out")
    assert _digests(tmp_path / "in") == source
    assert set(before.counts) & REPAIRABLE
    assert copy.records + len(copy.left_out) == 24
    after = _check(tmp_path / "out" / "manifest.jsonl")
    assert not set(after.counts) & REPAIRABLE
    assert not any(finding.severity == "error" for finding in after.findings)
    # Every record with a repairable fault is in the log of repairs under that code, or is left out.
    logged = {(line["id"], line["code"]) for line in _lines(tmp_path / "out" / "repairs.jsonl")}
    left = {item.subject for item in copy.left_out}
    faults = {(item.subject, item.code) for item in before.findings if item.code in REPAIRABLE}
    assert {fault for fault in faults if fault[0] not in left} <= logged
    names = {path.name for path in (tmp_path / "out" / "audio").iterdir()}
    kept = read_records(tmp_path / "out" / "manifest.jsonl")
    assert {Path(record.audio).name for record in kept} == names


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    manifest = _spoilt_manifest(tmp_path / "in", 9, count=6)
    for workers in (1, 2):
        _repair(manifest, tmp_path / str(workers), workers=workers)
    one, two = ({Path(name).name: digest for name, digest in _digests(tmp_path / n).items()} for n in "12")
    assert one == two


def test_what_cannot_be_repaired_is_listed_with_its_reason(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in", count=6, speakers=1)
    records = list(read_records(manifest))
    records[1] = records[1].model_copy(update={"audio": "wav/none.wav"})
    records[2] = records[2].model_copy(update={"text": "hello"})
    # The same samples with two texts: neither is trusted.
    records[4] = records[4].model_copy(update={"audio": records[3].audio, "duration": None})
    write_records(manifest, [*records, records[0]], force=True)
    with manifest.open("a", encoding="utf-8") as stream:
        stream.write("{oops\n")
    copy = _repair(manifest, tmp_path / "out")
    assert sorted((item.subject, item.code) for item in copy.left_out) == [
        ("manifest.jsonl:8", "D001"),
        ("r0", "D002"),
        ("r1", "D010"),
        ("r2", "D031"),
        ("r3", "D050"),
        ("r4", "D050"),
    ]
    assert all(item.reason for item in copy.left_out)
    assert [line["subject"] for line in _lines(tmp_path / "out" / "left_out.jsonl")] == [
        item.subject for item in copy.left_out
    ]
    assert [record.id for record in read_records(tmp_path / "out" / "manifest.jsonl")] == ["r0", "r5"]
    assert copy.records == 2


def test_a_copy_never_takes_the_place_of_its_source(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    elsewhere = tmp_path / "elsewhere" / "manifest.jsonl"
    records = [r.model_copy(update={"audio": str(manifest.parent / r.audio)}) for r in read_records(manifest)]
    write_records(elsewhere, records)
    source = _digests(tmp_path)
    for checked, output in ((manifest, tmp_path / "in"), (manifest, tmp_path), (elsewhere, tmp_path / "in" / "wav")):
        with pytest.raises(DatasetError, match="overwrite its source"):
            _repair(checked, output)
        assert _digests(tmp_path) == source


def test_nothing_is_left_where_nothing_can_be_repaired(tmp_path: Path) -> None:
    write_records(tmp_path / "m.jsonl", [Record(id="a", audio="none.wav", text="ሰላም")])
    with pytest.raises(DatasetError, match="no record can be repaired"):
        _repair(tmp_path / "m.jsonl", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["m.jsonl"]


def test_a_manifest_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    check = _check(manifest)
    write_records(manifest, reversed(read_records(manifest)), force=True)
    with pytest.raises(DatasetError, match="has changed"):
        write_repaired_copy(manifest, check, RepairGoal(), tmp_path / "out", SilentProgress())
    assert not (tmp_path / "out").exists()
