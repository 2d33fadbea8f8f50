"""A repaired copy of a manifest and its recordings. Knows no samples, and never writes beside the source.

The folder, which appears whole or not at all:

``manifest.jsonl``
    The records that are kept; each is a file of its own in ``audio/``, FLAC, 16 bit, mono.
``repairs.jsonl``
    One change a line: ``id``, ``code`` of the finding that asked for it (empty if only the goal did), ``done``,
    ``before``, ``after``.
``left_out.jsonl``
    One record, or line that is none, a line: ``subject``, ``code``, ``reason``.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.audio.longrecording import LONG_SECONDS
from amhctl.checks.across import find_unusual_levels
from amhctl.checks.cleaning import RULES as CLEANING_RULES
from amhctl.checks.manifest import ManifestCheck
from amhctl.checks.repairs import REPAIRABLE, RepairGoal, RepairJob, RepairResult, repair_recording
from amhctl.checks.table import CheckTable, digest_names, first_rows
from amhctl.core.errors import DatasetError
from amhctl.core.files import atomic_folder, write_text_atomically
from amhctl.core.findings import Finding
from amhctl.core.outputs import FolderKind
from amhctl.core.progress import Progress
from amhctl.corpus.recordings import file_name
from amhctl.corpus.records import Record, audio_path, scan_manifest, write_records
from amhctl.parallel.workers import map_in_order, open_pool

MANIFEST, REPAIRS, LEFT_OUT, AUDIO = "manifest.jsonl", "repairs.jsonl", "left_out.jsonl", "audio"
REPAIRED_COPY = FolderKind("a repaired copy", REPAIRS, members=(MANIFEST, LEFT_OUT, AUDIO))
NOT_OF_RECORDS = frozenset({"D053", "D054", "D057", "D058", "D059", "D071", "D072", "D073", "D074"})
"""Findings about splits, speakers and the whole: neither a repair nor leaving one record out is the answer to them."""
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record, or a line that is none, that is not in the copy: the finding's code and the reason."""

    subject: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RepairedCopy:
    """What was written.

    Attributes
    ----------
    folder : Path
        Where it lies.
    records : int
        How many records are in it.
    repairs : Mapping[str, int]
        Changes by the code of the finding that asked for them.
    left_out : tuple[LeftOut, ...]
        What is not in it.
    cleaned : int
        Of how many recordings noise was taken out.
    kept : tuple[Finding, ...]
        Recordings of which it was not, because that would have done harm.
    """

    folder: Path
    records: int
    repairs: Mapping[str, int]
    left_out: tuple[LeftOut, ...]
    cleaned: int = 0
    kept: tuple[Finding, ...] = ()


def write_repaired_copy(
    manifest: Path, check: ManifestCheck, goal: RepairGoal, output: Path, progress: Progress, *, workers: int = 1
) -> RepairedCopy:
    """Write a repaired copy of a manifest that was checked, every finding of it listed; what is there is replaced.

    Raises
    ------
    DatasetError
        If the output would replace the source, the manifest is not the one that was checked, no record is
        left, or a worker was killed.
    OSError
        If the copy cannot be written; nothing of it stays then.
    """
    _refuse_source(output, [manifest])
    codes = _codes_by_id(check.findings)
    left = _left_out_lines(check.findings)
    results: list[RepairResult] = []
    with atomic_folder(output) as folder, open_pool(0 if workers <= 1 else workers) as pool:
        (folder / AUDIO).mkdir()
        jobs = _choose(manifest, check, goal, folder, left, codes, output)
        progress.start("repairing", len(check.table), "utterance")
        for result in map_in_order(pool, repair_recording, jobs, ahead=_AHEAD * max(1, workers)):
            if result.measurements is None:
                left.append(LeftOut(result.record.id, result.code, result.reason))
            else:
                results.append(result)
            progress.advance()
        progress.finish()
        for finding in _leave_out_uneven(results):
            left.append(LeftOut(finding.subject, finding.code, f"after its repair: {finding.message}"))
            (folder / AUDIO / _copy_name(finding.subject)).unlink()
        if not results:
            reason = f"{left[0].subject}: {left[0].reason}"
            raise DatasetError(f"no record can be repaired ({reason})", subject=str(manifest))
        return _write(folder, output, results, left)


def _write(folder: Path, output: Path, results: list[RepairResult], left: list[LeftOut]) -> RepairedCopy:
    kept = (result.record.model_copy(update={"audio": f"{AUDIO}/{result.record.audio}"}) for result in results)
    write_records(folder / MANIFEST, kept)
    changes = [{"id": result.record.id, **asdict(change)} for result in results for change in result.changes]
    _write_lines(folder / REPAIRS, changes)
    _write_lines(folder / LEFT_OUT, map(asdict, left))
    repairs = Counter(str(change["code"]) for change in changes if change["code"])
    judged = [(result.record.id, result.cleaning) for result in results if result.cleaning is not None]
    harmed = tuple(CLEANING_RULES.finding(each.code, name, each.reason) for name, each in judged if each.code)
    return RepairedCopy(
        output, len(results), dict(sorted(repairs.items())), tuple(left), len(judged) - len(harmed), harmed
    )


def _write_lines(path: Path, values: Iterable[Mapping[str, object]]) -> None:
    write_text_atomically(path, "".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values))


def _choose(
    manifest: Path,
    check: ManifestCheck,
    goal: RepairGoal,
    folder: Path,
    left: list[LeftOut],
    codes: Mapping[str, list[Finding]],
    output: Path,
) -> Iterator[RepairJob]:
    """Yield what can be repaired; what cannot is noted in ``left``."""
    table = check.table
    firsts = first_rows(digest_names(table.ids))
    doubtful = _samples_of_several_texts(check)
    for row, record in enumerate(_records(manifest, table)):
        measured = table.measurements[row]
        findings = codes.get(record.id, [])
        fault = next((item for item in findings if _ends_a_record(item, goal)), None)
        if firsts[row] != row:
            left.append(LeftOut(record.id, "D002", "an earlier record has the same id"))
        elif measured is not None and measured.digest in doubtful:
            left.append(LeftOut(record.id, "D050", "several records have the same samples and different texts"))
        elif fault is not None:
            left.append(LeftOut(record.id, fault.code, fault.message))
        elif measured is not None and measured.duration > LONG_SECONDS:
            left.append(LeftOut(record.id, "D016", f"{measured.duration:.0f} s are too long to repair: split it first"))
        else:
            _refuse_source(output, [audio_path(record, manifest.parent)])
            named = frozenset(item.code for item in findings)
            yield RepairJob(record, named, manifest.parent, folder / AUDIO, _copy_name(record.id), goal)


def _ends_a_record(finding: Finding, goal: RepairGoal) -> bool:
    if finding.code in NOT_OF_RECORDS or finding.code in REPAIRABLE or finding.code == "D002":
        return False
    return goal.refuses(finding)


def _records(manifest: Path, table: CheckTable) -> Iterator[Record]:
    rows = 0
    for line in scan_manifest(manifest):
        if line.record is None:
            continue
        if rows >= len(table) or table.ids[rows] != line.record.id:
            raise DatasetError("the manifest has changed since it was checked", subject=str(manifest))
        rows += 1
        yield line.record


def _copy_name(name: str) -> str:
    return f"{file_name(name)}.flac"


def _codes_by_id(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.subject].append(finding)
    return found


def _left_out_lines(findings: Iterable[Finding]) -> list[LeftOut]:
    return [LeftOut(item.subject, item.code, item.message) for item in findings if item.code == "D001"]


def _samples_of_several_texts(check: ManifestCheck) -> set[str]:
    """Return the digests of samples that have several texts: nobody but a listener knows which is right."""
    names = {finding.subject for finding in check.findings if finding.code == "D050"}
    pairs = zip(check.table.ids, check.table.measurements, strict=True)
    return {measured.digest for name, measured in pairs if measured is not None and name in names}


def _leave_out_uneven(results: list[RepairResult]) -> list[Finding]:
    """Take out what is still far from its speaker's loudness, because a peak prevents it; return why."""
    uneven: list[Finding] = []
    while True:
        table = CheckTable()
        for result in results:
            table.add(0, result.record, result.measurements, 0)
        found = {finding.subject: finding for finding in find_unusual_levels(table)}
        if not found:
            return uneven
        uneven += found.values()
        results[:] = [result for result in results if result.record.id not in found]


def _refuse_source(output: Path, sources: Iterable[Path]) -> None:
    for source in sources:
        if source.resolve().is_relative_to(output.resolve()):
            raise DatasetError(
                "the repaired copy would overwrite its source",
                subject=str(source),
                hint=f"{output} holds it: write to another folder",
            )
