"""``data import``: a foreign data set becomes a manifest; its recordings stay where they are.

Recordings that lie inside the source (Parquet, Arrow) become files in ``audio/`` beside the manifest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import JSON, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.importers import ImportDefaults, ImportLog, Skipped, import_records
from amhctl.corpus.records import Record, move_record, write_records

MANIFEST_NAME = "manifest.jsonl"
AUDIO_FOLDER = "audio"

RULES = Rules(
    Rule("D060", Severity.WARNING, "not imported", "A line or file of the source could not become a record."),
    Rule("D061", Severity.INFO, "key not kept", "Lines of the source have a key that records do not have."),
)


@dataclass(frozen=True, slots=True)
class ImportDataRequest:
    """What to import, from where, and into which folder."""

    form: str
    source: Path
    output: Path
    speaker: str = "unknown"
    licence: str = ""
    origin: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class ImportDataReport(Report):
    """The manifest, and what did not get into it."""

    manifest: Path
    records: int
    skipped: tuple[Skipped, ...]
    dropped_keys: Mapping[str, int]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was skipped, and keys that were not kept."""
        skipped = [RULES.finding("D060", item.subject, item.reason) for item in self.skipped]
        dropped = [
            RULES.finding("D061", key, f"this key of {count} lines is not kept")
            for key, count in self.dropped_keys.items()
        ]
        return (*skipped, *dropped)

    def payload(self) -> dict[str, object]:
        """Return the counts and what was skipped."""
        return {
            "manifest": str(self.manifest),
            "records": self.records,
            "skipped": [{"subject": item.subject, "reason": item.reason} for item in self.skipped],
            "dropped_keys": list(self.dropped_keys),
        }

    def lines(self) -> Iterable[str]:
        """Return the counts for people."""
        yield f"{self.manifest}: {self.records} records"
        if self.skipped:
            yield f"{len(self.skipped)} skipped"


def run(request: ImportDataRequest, progress: Progress) -> ImportDataReport:
    """Import a data set.

    Raises
    ------
    DatasetError
        If the format is unknown or nothing could be imported.
    FileExistsRefused
        If the manifest, or another recording in its ``audio/``, exists and is not to be replaced.
    MissingExtra
        If the format needs a package that is not installed.
    """
    manifest = request.output / MANIFEST_NAME
    require_output_file(manifest, JSON, force=request.force, sources=(request.source,))
    progress.say(f"importing {request.source} as {request.form}")
    log = ImportLog()
    records = import_records(
        request.form,
        request.source,
        ImportDefaults(speaker=request.speaker, licence=request.licence, source=request.origin),
        log,
        embedded=request.output / AUDIO_FOLDER,
        force=request.force,
    )
    write_records(manifest, _report(records, manifest.parent, progress), force=request.force)
    return ImportDataReport(manifest, log.records, tuple(log.skipped), dict(log.dropped_keys))


def _report(records: Iterable[Record], folder: Path, progress: Progress) -> Iterator[Record]:
    progress.start("importing", None, "utterances")
    for record in records:
        yield move_record(record, Path("/"), folder)
        progress.advance()
    progress.finish()
