"""Every fault of a manifest: line by line, recording by recording, and across them all. Writes nothing.

Codes D001 to D009 are about lines, D010 to D029 about recordings (``audiochecks``), D030 to D049 about texts and their
match (``textchecks``), D050 onwards about the manifest as a whole. One waveform is in memory at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.data.crosschecks import CheckedRecord, Disjoint, compare_records
from amhctl.data.inspection import Inspected, Inspector, Job, inspect_all
from amhctl.data.measurementcache import MeasurementCache
from amhctl.data.phonecoverage import CorpusCoverage, CoverageCounter
from amhctl.data.records import scan_manifest
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer

RULES = (
    Rule("D001", Severity.ERROR, "line is no record", "The line is not JSON, or its keys are not those of a record."),
    Rule("D002", Severity.ERROR, "duplicate id", "Two records have the same id."),
)

_LINE_HINT = "mend the line; a manifest of another maker becomes one of ours by: amhctl data import jsonl"


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """Everything found in a manifest, and what its texts cover."""

    records: tuple[CheckedRecord, ...]
    findings: tuple[Finding, ...]
    coverage: CorpusCoverage


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How to check.

    Attributes
    ----------
    audio : bool
        Whether recordings are opened.
    workers : int
        Processes; the result does not depend on it.
    cache : Path | None
        Folder that keeps measurements.
    disjoint : tuple[Disjoint, ...]
        What no two splits may share.
    """

    audio: bool = True
    workers: int = 1
    cache: Path | None = None
    disjoint: tuple[Disjoint, ...] = ()


def check_manifest(
    path: Path,
    frontend: Frontend,
    tokenizer: Tokenizer | None,
    progress: Progress,
    options: CheckOptions = CheckOptions(),
) -> ManifestCheck:
    """Inspect a manifest, its recordings and texts.

    Raises
    ------
    DatasetError
        If the manifest cannot be read or holds no line, a worker was killed, or measurements cannot be kept.
    """
    jobs, findings = _read_jobs(path)
    inspector = Inspector(path.parent, frontend, tokenizer, audio=options.audio)
    counter = CoverageCounter(frontend)
    checked: list[CheckedRecord] = []
    progress.start("checking", len(jobs), "utterance")
    for item in _inspect(inspector, jobs, options, progress):
        record = item.job.record
        checked.append(CheckedRecord(record, item.measurements, item.syllables))
        findings += item.findings
        if item.spoken:
            counter.add(record.text, item.spoken)
        progress.advance()
    progress.finish()
    coverage = counter.finish()
    findings += [*compare_records(checked, options.disjoint), *coverage.findings()]
    return ManifestCheck(tuple(checked), tuple(findings), coverage)


def _read_jobs(path: Path) -> tuple[list[Job], list[Finding]]:
    findings: list[Finding] = []
    jobs: list[Job] = []
    first_line: dict[str, int] = {}
    lines = 0
    for line in scan_manifest(path):
        lines += 1
        if line.record is None:
            findings.append(_finding("D001", f"{path.name}:{line.number}", line.fault, _LINE_HINT))
            continue
        earlier = first_line.setdefault(line.record.id, line.number)
        if earlier != line.number:
            message = f"lines {earlier} and {line.number} have the same id"
            findings.append(_finding("D002", line.record.id, message, "rename one of them"))
        jobs.append(Job(line.number, line.record))
    if not lines:
        raise DatasetError("the manifest holds no record", subject=str(path))
    return jobs, findings


def _inspect(
    inspector: Inspector, jobs: Sequence[Job], options: CheckOptions, progress: Progress
) -> Iterator[Inspected]:
    if options.cache is None or not options.audio:
        yield from inspect_all(inspector, jobs, workers=options.workers)
        return
    folder = inspector.folder
    with MeasurementCache(options.cache) as cache:
        if cache.damaged:
            progress.say(f"{cache.damaged} kept measurements are damaged and are taken again")
        known = (Job(job.line, job.record, cache.find(job.record, folder)) for job in jobs)
        for item in inspect_all(inspector, known, workers=options.workers):
            if item.measurements is not None:
                cache.keep(item.job.record, folder, item.measurements)
            yield item


_SEVERITY = {rule.code: rule.severity for rule in RULES}


def _finding(code: str, subject: str, message: str, hint: str = "") -> Finding:
    return Finding(code, _SEVERITY[code], subject, message, hint)
