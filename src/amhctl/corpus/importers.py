"""Foreign data sets to records: the same checks for every format. Writes embedded recordings and nothing else.

Nothing is dropped silently: what cannot become a record is noted as ``Skipped`` with its place and reason, and a key of
the source that a record has no place for is noted once. Records come one by one, so that a long source need not be in
memory. The formats are the readers in ``corpus/formats``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from amhctl.audio.files import AudioInfo, probe
from amhctl.core.errors import AudioError, DatasetError
from amhctl.corpus.formats.cuts import read_cuts
from amhctl.corpus.formats.jsonlines import read_json_lines
from amhctl.corpus.formats.kaldi import read_kaldi
from amhctl.corpus.formats.parquet import read_parquet
from amhctl.corpus.formats.row import Row
from amhctl.corpus.formats.sidecars import read_sidecars
from amhctl.corpus.formats.subtitles import read_subtitles
from amhctl.corpus.formats.table import read_common_voice, read_ljspeech, read_piper
from amhctl.corpus.recordings import file_name, place_recording
from amhctl.corpus.records import Record, portable_path

FORMATS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "ljspeech": read_ljspeech,
    "piper": read_piper,
    "jsonl": read_json_lines,
    "commonvoice": read_common_voice,
    "kaldi": read_kaldi,
    "sidecars": read_sidecars,
    "subtitles": read_subtitles,
    "huggingface": read_parquet,
    "lhotse": read_cuts,
}

_SPLIT_NAMES = {"dev": "valid", "validation": "valid", "val": "valid", "training": "train", "testing": "test"}


@dataclass(frozen=True, slots=True)
class Skipped:
    """What did not become a record, and why."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportDefaults:
    """What a record gets where its source says nothing."""

    speaker: str = "unknown"
    licence: str = ""
    source: str = ""


@dataclass(slots=True)
class ImportLog:
    """What an import leaves behind; filled while its records are taken.

    Attributes
    ----------
    records : int
        How many records there were.
    skipped : list[Skipped]
        What did not become a record.
    dropped_keys : dict[str, int]
        Keys that are not kept, and how many lines have them.
    """

    records: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    dropped_keys: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Recordings:
    """Finds out what the headers of recordings say; the last one is remembered for the next segment of it."""

    embedded: Path
    force: bool
    last: tuple[Path, AudioInfo] | None = None

    def probe(self, path: Path) -> AudioInfo:
        if self.last is None or self.last[0] != path:
            self.last = (path, probe(path))
        return self.last[1]


def import_records(
    form: str, source: Path, defaults: ImportDefaults, log: ImportLog, *, embedded: Path, force: bool = False
) -> Iterator[Record]:
    """Yield the records of a foreign data set, with absolute audio paths.

    Parameters
    ----------
    form : str
        A key of ``FORMATS``.
    source : Path
        File or folder.
    defaults : ImportDefaults
        For what the source does not say.
    log : ImportLog
        Receives what becomes no record.
    embedded : Path
        Folder for recordings that lie inside the source; made if there are any.
    force : bool
        Whether other files there may be replaced.

    Raises
    ------
    DatasetError
        If the format is unknown, the source does not exist, or not one utterance could be read.
    FileExistsRefused
        If an embedded recording would replace another file.
    MissingExtra
        If the format needs a package that is not installed.
    """
    if form not in FORMATS:
        raise DatasetError(f"unknown format {form!r}", hint=f"one of: {', '.join(FORMATS)}")
    if not source.exists():
        raise DatasetError("the source does not exist", subject=str(source), hint="check the path")
    recordings = _Recordings(embedded, force)
    seen: dict[str, str] = {}
    for row in FORMATS[form](source):
        for key in row.unknown:
            log.dropped_keys[key] = log.dropped_keys.get(key, 0) + 1
        name = str(row.values.get("id", ""))
        twice = f"the id {name!r} is already used by {seen[name]}" if name in seen else ""
        outcome = row.fault or twice or _to_record(row, defaults, recordings)
        if isinstance(outcome, Record):
            seen[outcome.id] = row.subject
            log.records += 1
            yield outcome
        else:
            log.skipped.append(Skipped(row.subject, outcome))
    if not log.records:
        first = log.skipped[0] if log.skipped else None
        reason = f"{first.subject}: {first.reason}" if first else "it is empty"
        raise DatasetError(
            f"no utterance could be imported as {form} ({reason})",
            subject=str(source),
            hint="check the format: `amhctl data import --help` lists all of them",
        )


def _to_record(row: Row, defaults: ImportDefaults, recordings: _Recordings) -> Record | str:
    """Return the record of a row, or why there is none."""
    values = {key: value for key, value in row.values.items() if value not in (None, "")}
    if not str(values.get("text", "")).strip():
        return "the text is empty"
    if row.embedded is not None:
        path = recordings.embedded / (file_name(str(values.get("id", ""))) + row.embedded.suffix)
        place_recording(path, row.embedded.content, force=recordings.force)
    elif "audio" in values:
        path = Path(str(values["audio"]))
    else:
        return "no audio file is given"
    outcome = _validated(values, path, defaults, recordings)
    if row.embedded is not None and not isinstance(outcome, Record):
        path.unlink()
    return outcome


def _validated(
    values: dict[str, object], path: Path, defaults: ImportDefaults, recordings: _Recordings
) -> Record | str:
    for key in ("speaker", "licence", "source"):
        values.setdefault(key, getattr(defaults, key))
    values = {key: str(value) if key in ("id", "speaker", "session") else value for key, value in values.items()}
    values["audio"] = portable_path(path, Path("/nowhere"))
    if "split" in values:
        values["split"] = _SPLIT_NAMES.get(str(values["split"]), values["split"])
    try:
        record = Record.model_validate(values)
        length = float(recordings.probe(path).duration)
    except AudioError as error:
        return error.message
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if record.offset and record.offset >= length:
        return f"the utterance begins at {record.offset:g} s, but the recording ends at {length:g} s"
    if record.duration is None:
        return record.model_copy(update={"duration": round(length - record.offset, 6)})
    return record
