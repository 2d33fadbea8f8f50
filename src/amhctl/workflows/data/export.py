"""``data export``: a manifest becomes a data set that other tools read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.exporters import Export, ExportLog, export_records
from amhctl.corpus.importers import Skipped
from amhctl.corpus.records import Record, iter_records

RULES = Rules(
    Rule(
        "D062", Severity.WARNING, "not exported", "The format cannot represent the record, or its audio is unreadable."
    ),
    Rule("D063", Severity.INFO, "not carried", "Records have fields that the format does not support."),
    Rule(
        "D064",
        Severity.INFO,
        "converted",
        "Recordings were written again (16 bit, mono), because parts were cut out or the file format changed.",
    ),
)


@dataclass(frozen=True, slots=True)
class ExportDataRequest:
    """What to export, as what, and into which folder."""

    manifest: Path
    form: str
    output: Path
    force: bool = False


@dataclass(frozen=True, slots=True)
class ExportDataReport(Report):
    """The files, and what did not get into them."""

    files: tuple[Path, ...]
    records: int
    skipped: tuple[Skipped, ...]
    not_kept: Mapping[str, int]
    recoded: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was skipped, what was not carried, and how many recordings were written again."""
        findings = [RULES.finding("D062", item.subject, item.reason) for item in self.skipped]
        findings += [
            RULES.finding("D063", name, f"the format does not support this field of {count} records")
            for name, count in self.not_kept.items()
        ]
        if self.recoded:
            message = f"{self.recoded} recordings were written again as 16 bit, mono"
            findings.append(RULES.finding("D064", str(self.files[0].parent), message))
        return tuple(findings)

    def payload(self) -> dict[str, object]:
        """Return the files and counts."""
        return {
            "files": [str(path) for path in self.files],
            "records": self.records,
            "skipped": [{"subject": item.subject, "reason": item.reason} for item in self.skipped],
            "not_kept": dict(self.not_kept),
            "recoded": self.recoded,
        }

    def lines(self) -> Iterable[str]:
        """Return the files and counts for people."""
        yield from map(str, self.files)
        yield f"{self.records} records"
        if self.skipped:
            yield f"{len(self.skipped)} skipped"


def run(request: ExportDataRequest, progress: Progress) -> ExportDataReport:
    """Export a manifest.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, the format is unknown or nothing could be exported.
    FileExistsRefused
        If an output exists and is not to be replaced.
    MissingExtra
        If the format needs a package that is not installed.
    """
    progress.say(f"exporting {request.manifest} as {request.form}")

    def counted() -> Iterator[Record]:
        progress.start("reading the manifest", None, "records")
        for record in iter_records(request.manifest):
            yield record
            progress.advance()
        progress.finish()

    log = ExportLog()
    export = Export(counted, request.manifest, request.output, request.force)
    files = export_records(request.form, export, log)
    return ExportDataReport(files, log.records, tuple(log.skipped), dict(sorted(log.not_kept.items())), log.recoded)
