"""``data import``: a foreign data set becomes a manifest; its recordings stay where they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.files import refuse_existing
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.data.importers import ImportDefaults, Skipped, import_dataset
from amhctl.data.records import Record, move_record, write_records

MANIFEST_NAME = "manifest.jsonl"

RULES = (
    Rule("D060", Severity.WARNING, "not imported", "A line or file of the source could not become a record."),
    Rule("D061", Severity.INFO, "key not kept", "Lines of the source have a key for which a record has no place."),
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
class ImportDataReport:
    """The manifest, and what did not get into it."""

    manifest: Path
    records: int
    skipped: tuple[Skipped, ...]
    dropped_keys: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True: what was skipped is listed, and nothing imported at all raises."""
        return True

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was skipped, and keys that were not kept."""
        skipped = [Finding("D060", Severity.WARNING, item.subject, item.reason) for item in self.skipped]
        dropped = [
            Finding("D061", Severity.INFO, key, "this key of the source is not kept") for key in self.dropped_keys
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
        If the manifest exists and is not to be replaced.
    """
    manifest = request.output / MANIFEST_NAME
    refuse_existing(manifest, force=request.force)
    progress.say(f"importing {request.source} as {request.form}")
    defaults = ImportDefaults(speaker=request.speaker, licence=request.licence, source=request.origin)
    imported = import_dataset(request.form, request.source, defaults)
    records: list[Record] = [move_record(record, Path("/"), manifest.parent) for record in imported.records]
    write_records(manifest, records, force=request.force)
    return ImportDataReport(manifest, len(records), imported.skipped, imported.dropped_keys)
