"""``data check``: every fault of a manifest's texts, recordings and their match."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path

from amhctl.audio.deepfilternet import open_deepfilternet
from amhctl.checks import across, matching, recording
from amhctl.checks import coverage as phonecoverage
from amhctl.checks import manifest as checks
from amhctl.checks import text as textchecks
from amhctl.checks.cleaning import CleaningGoal
from amhctl.checks.manifest import MOST_LISTED, CheckOptions, ManifestCheck, check_manifest
from amhctl.checks.matching import Matcher
from amhctl.checks.repaired_copy import (
    MANIFEST,
    NOT_OF_RECORDS,
    REPAIRED_COPY,
    REPAIRS,
    RepairedCopy,
    write_repaired_copy,
)
from amhctl.checks.repairs import RepairGoal
from amhctl.config.load import load_run_config
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Severity, has_errors
from amhctl.core.outputs import PAGE, require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.records import iter_audio
from amhctl.corpus.split_groups import parse_disjoint
from amhctl.evaluation.naturalness import score_apart
from amhctl.pages.manifest import render_report
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.reading import open_frontend

RULES = (*checks.RULES, *recording.RULES, *textchecks.RULES, *matching.RULES, *across.RULES, *phonecoverage.RULES)

RECOGNISER = DEFAULT_RECOGNISER
"""What recognises unless another is named."""


@dataclass(frozen=True, slots=True)
class CheckDataRequest:
    """What to check, by which vocabulary, where a page about it should go, and a repaired copy, if one is wanted.

    With a recogniser, texts are compared with recordings too.
    """

    manifest: Path
    vocabulary: Path | None = None
    report: Path | None = None
    audio: bool = True
    workers: int = 1
    cache: Path | None = None
    disjoint: tuple[str, ...] = ("text",)
    strict: bool = False
    fix: RepairGoal | None = None
    output: Path | None = None
    force: bool = False
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    recogniser: str = ""


@dataclass(frozen=True, slots=True)
class CheckDataReport(Report):
    """Every finding, and the manifest in figures."""

    findings: tuple[Finding, ...]
    strict: bool
    summary: Mapping[str, object]
    page: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    copy: RepairedCopy | None = None

    @property
    def ok(self) -> bool:
        """Whether there is no error, and if strict, no warning; of a repaired copy, none that it still has."""
        findings = self.findings
        if self.copy is not None:
            findings = tuple(finding for finding in findings if finding.code in NOT_OF_RECORDS)
        if self.strict and any(finding.severity is Severity.WARNING for finding in findings):
            return False
        return not has_errors(findings)

    def payload(self) -> dict[str, object]:
        """Return the figures, the findings of each code, and what was repaired."""
        report = None if self.page is None else str(self.page)
        return {
            "summary": dict(self.summary),
            "counts": dict(self.counts),
            "report": report,
            "fixed": None if self.copy is None else _describe(self.copy),
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        summary = self.summary
        yield (
            f"{summary['records']} records, {summary['hours']:.2f} h, {summary['speakers']} speakers, "
            f"checked at {summary['realtime']:.0f}× real time"
        )
        titles = {rule.code: rule.title for rule in RULES}
        listed = Counter(finding.code for finding in self.findings)
        for code, count in sorted(self.counts.items()):
            note = f", of which {listed[code]} are listed" if listed[code] < count else ""
            yield f"{code} {titles[code]}: {count}{note}"
        if self.page is not None:
            yield f"report: {self.page}"
        if self.copy is not None:
            yield f"{self.copy.folder / MANIFEST}: {self.copy.records} records, {len(self.copy.left_out)} left out"
            for code, count in self.copy.repairs.items():
                yield f"{code} repaired: {count}"
            if self.copy.cleaned or self.copy.kept:
                yield f"cleaned: {self.copy.cleaned}, kept because cleaning would damage them: {len(self.copy.kept)}"


def _describe(copy: RepairedCopy) -> dict[str, object]:
    return {
        "manifest": str(copy.folder / MANIFEST),
        "log": str(copy.folder / REPAIRS),
        "records": copy.records,
        "repairs": dict(copy.repairs),
        "cleaned": copy.cleaned,
        "kept": [asdict(item) for item in copy.kept],
        "left_out": [asdict(item) for item in copy.left_out],
    }


def make_goal(
    level: float | None,
    sample_rate: int | None,
    *,
    strict: bool,
    clean: bool = False,
    attenuation: float | None = None,
) -> RepairGoal:
    """Return what repaired recordings are to be like; None is what they are by default."""
    cleaning = CleaningGoal(open_deepfilternet, score_apart, attenuation) if clean else None
    goal = RepairGoal(sample_rate=sample_rate, strict=strict, cleaning=cleaning)
    return goal if level is None else replace(goal, level=level)


def run(request: CheckDataRequest, progress: Progress) -> CheckDataReport:
    """Check a manifest.

    Raises
    ------
    DatasetError
        If the manifest cannot be read at all, or no repaired copy can be made of it.
    VocabularyError
        If the vocabulary cannot be read.
    MissingExtra, CheckpointError
        If recordings are to be cleaned or recognised, and the weights for that are not there, or not those that are
        known.
    FileExistsRefused
        If the page or the copy exists and is not to be replaced.
    """
    _require_outputs(request)
    if request.fix is not None and request.fix.cleaning is not None:
        # Rather now than after the check.
        request.fix.cleaning.enhancer()
    matcher = Matcher(request.recogniser) if request.recogniser else None
    if matcher is not None:
        # A recogniser that is not there is told before the first recording is read.
        _ = matcher.recogniser
    vocabulary = None if request.vocabulary is None else Vocabulary.read(request.vocabulary)
    flags = {"paths.lexicons": request.lexicons, "text.units": vocabulary.units if vocabulary else None}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    tokenizer = None if vocabulary is None else Tokenizer(vocabulary)
    options = CheckOptions(
        request.audio,
        request.workers,
        request.cache,
        parse_disjoint(request.disjoint),
        # Whatever is repaired or left out has to be named.
        most_listed=MOST_LISTED if request.fix is None else None,
        matcher=matcher,
    )
    started = time.perf_counter()
    found = check_manifest(request.manifest, open_frontend(config), tokenizer, progress, options)
    elapsed = time.perf_counter() - started
    if request.report is not None:
        write_text_atomically(request.report, _render_page(request.manifest, found))
    copy = None
    if request.fix is not None and request.output is not None:
        copy = write_repaired_copy(
            request.manifest, found, request.fix, request.output, progress, workers=request.workers
        )
    return CheckDataReport(
        findings=(*found.findings, *(() if copy is None else copy.kept)),
        strict=request.strict,
        summary=_summarise(found, elapsed),
        page=request.report,
        counts=found.counts,
        copy=copy,
    )


def _require_outputs(request: CheckDataRequest) -> None:
    read = (request.manifest, *request.lexicons, *([request.vocabulary] if request.vocabulary else []))
    if request.output is not None:
        recordings = iter_audio(request.manifest) if request.output.exists() else ()
        require_output_folder(request.output, REPAIRED_COPY, force=request.force, sources=chain(read, recordings))
    if request.report is not None:
        require_output_file(request.report, PAGE, force=request.force, sources=read)


def _render_page(manifest: Path, found: ManifestCheck) -> str:
    # Half of all manifests are called manifest.jsonl.
    title = f"Check of {'/'.join(manifest.resolve().parts[-2:])}"
    return render_report(title, found, RULES, manifest=manifest)


def _summarise(found: ManifestCheck, elapsed: float) -> dict[str, object]:
    measured = [item for item in found.table.measurements if item]
    seconds = sum(item.duration for item in measured)
    return {
        "records": len(found.table),
        "readable": len(measured),
        "hours": seconds / 3600,
        "speakers": len(found.table.speakers),
        "syllables": int(found.table.syllables.sum()),
        "coverage": found.coverage.payload(),
        "splits": dict(found.splits),
        "sample_rates": {str(rate): n for rate, n in sorted(Counter(item.sample_rate for item in measured).items())},
        "errors": found.severities.get(Severity.ERROR, 0),
        "warnings": found.severities.get(Severity.WARNING, 0),
        "seconds": elapsed,
        "realtime": seconds / elapsed if elapsed else 0.0,
    }
