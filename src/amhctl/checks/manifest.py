"""Every fault of a manifest: line by line, recording by recording, and across them all. Writes nothing.

Codes D001 to D009 are about lines, D010 to D029 about recordings (``audiochecks``), D030 to D049 about texts and their
match (``textchecks``), D050 onwards about the manifest as a whole (``crosschecks``). Lines are read one after another
and one waveform is in memory at a time; what stays are the columns of a ``CheckTable`` and the listed findings.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from amhctl.checks.across import compare_records
from amhctl.checks.cache import MeasurementCache
from amhctl.checks.coverage import CorpusCoverage, CoverageCounter
from amhctl.checks.inspection import Inspected, Inspector, Job, inspect_all
from amhctl.checks.match_cache import MatchCache
from amhctl.checks.matching import Match, Matcher
from amhctl.checks.measurements import Measurements
from amhctl.checks.table import CheckTable
from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.corpus.records import scan_manifest
from amhctl.corpus.split_groups import Disjoint
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer

RULES = Rules(
    Rule(
        "D001", Severity.ERROR, "line is not a record", "The line is not JSON, or its keys are not those of a record."
    ),
)

MOST_LISTED = 10_000
"""Findings of one code that are listed; the rest is counted."""
_LINE_HINT = "correct the line; convert manifests of other programs with: amhctl data import jsonl"
_CHUNK_BYTES = 1 << 20


class FindingList:
    """Findings in the order in which they came: all are counted, and the first of each code are listed.

    Parameters
    ----------
    most : int | None
        How many of each code are listed; None lists all.
    """

    def __init__(self, most: int | None = MOST_LISTED) -> None:
        self._most = most
        self.listed: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()

    def extend(self, findings: Iterable[Finding]) -> None:
        """Count findings, and list those for which there is room."""
        for finding in findings:
            self.counts[finding.code] += 1
            self.severities[finding.severity] += 1
            if self._most is None or self.counts[finding.code] <= self._most:
                self.listed.append(finding)


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """Everything found in a manifest, and what its texts cover.

    Attributes
    ----------
    table : CheckTable
        What was kept of the records.
    findings : tuple[Finding, ...]
        Those that are listed.
    counts : Mapping[str, int]
        How many there are of each code, listed or not.
    severities : Mapping[Severity, int]
        How many there are of each severity.
    splits : Mapping[str, int]
        Records of each split; those of none under ``none``.
    coverage : CorpusCoverage
        Sounds and letters of the texts.
    """

    table: CheckTable
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    severities: Mapping[Severity, int]
    splits: Mapping[str, int]
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
    disjoint : AbstractSet[Disjoint]
        What no two splits may share.
    most_listed : int | None
        How many findings of each code are listed; None lists all.
    matcher : Matcher | None
        What compares texts with recordings, if that is wanted.
    """

    audio: bool = True
    workers: int = 1
    cache: Path | None = None
    disjoint: AbstractSet[Disjoint] = frozenset({"text"})
    most_listed: int | None = MOST_LISTED
    matcher: Matcher | None = None


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
    CheckpointError
        If texts are to be compared and there is no such recogniser, or it is damaged.
    """
    inspector = Inspector(path.parent, frontend, tokenizer, audio=options.audio, matcher=options.matcher)
    counter = CoverageCounter(frontend)
    found = FindingList(options.most_listed)
    table = CheckTable()
    splits: Counter[str] = Counter()
    progress.start("checking", _count_lines(path), "utterance")
    for item in _inspect(inspector, _read_jobs(path, found), options, progress):
        record = item.job.record
        table.add(item.job.line, record, item.measurements, item.syllables)
        splits[record.split or "none"] += 1
        found.extend(item.findings)
        if item.spoken:
            counter.add(record.text, item.spoken)
        progress.advance()
    progress.finish()
    coverage = counter.finish()
    found.extend(compare_records(table, options.disjoint))
    found.extend(coverage.findings())
    return ManifestCheck(
        table,
        tuple(found.listed),
        dict(sorted(found.counts.items())),
        dict(found.severities),
        dict(sorted(splits.items())),
        coverage,
    )


def _count_lines(path: Path) -> int | None:
    """Return how many lines a file has, for the bar alone; None for a pipe, which can be read once only."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""))
    except OSError:
        # Who reads the lines says what is wrong.
        return None


def _read_jobs(path: Path, found: FindingList) -> Iterator[Job]:
    lines = 0
    for line in scan_manifest(path):
        lines += 1
        if line.record is None:
            found.extend([RULES.finding("D001", f"{path.name}:{line.number}", line.fault, _LINE_HINT)])
        else:
            yield Job(line.number, line.record)
    if not lines:
        raise DatasetError("the manifest has no records", subject=str(path), hint="amhctl data import makes a manifest")


def _inspect(
    inspector: Inspector, jobs: Iterable[Job], options: CheckOptions, progress: Progress
) -> Iterator[Inspected]:
    if options.cache is None or not options.audio:
        yield from inspect_all(inspector, jobs, workers=options.workers)
        return
    folder = inspector.folder
    with ExitStack() as stack:
        cache = stack.enter_context(MeasurementCache(options.cache))
        matches = None
        if options.matcher is not None:
            fingerprint = options.matcher.recogniser.fingerprint
            matches = stack.enter_context(MatchCache(options.cache, inspector.frontend.state_hash, fingerprint))
        if damaged := cache.damaged + (matches.damaged if matches else 0):
            progress.say(f"{damaged} cached measurements are damaged and are repeated")
        for item in inspect_all(inspector, _known(jobs, cache, matches, folder), workers=options.workers):
            if item.measurements is not None:
                cache.keep(item.job.record, folder, item.measurements)
                if matches is not None and item.match is not None:
                    matches.keep(item.job.record, item.measurements.sha256, item.match)
            yield item


def _known(jobs: Iterable[Job], cache: MeasurementCache, matches: MatchCache | None, folder: Path) -> Iterator[Job]:
    for job in jobs:
        known: Measurements | None = cache.find(job.record, folder)
        match: Match | None = None
        if known is not None and matches is not None:
            match = matches.find(job.record, known.sha256)
        yield Job(job.line, job.record, known, match)
