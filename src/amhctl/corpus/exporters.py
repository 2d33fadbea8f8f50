"""Records to foreign data sets, and an account of what a format cannot carry. Knows the formats by their writers.

========  ==========================  ==========================================================================
format    files                       not carried
========  ==========================  ==========================================================================
ljspeech  metadata.csv, wavs/ID.wav   all but id, text and audio; audio is WAV, a part of a file is cut out
jsonl     manifest.json               nothing; recordings stay where they are
lhotse    cuts.jsonl.gz               nothing; recordings stay where they are
parquet   SPLIT-00000-of-00001        nothing of a record that is a whole file; of a part of one the offset and the
          .parquet                    digest, since it is cut out
========  ==========================  ==========================================================================

A record that a format cannot hold is noted as skipped. The file that makes a folder a data set is written last.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from amhctl.audio.files import probe
from amhctl.core.errors import AudioError, DatasetError
from amhctl.core.files import atomic_path
from amhctl.core.outputs import JSON, FileKind, require_output_file, require_output_files
from amhctl.corpus.formats import cuts, jsonlines, parquet, table
from amhctl.corpus.formats.row import EmbeddedAudio
from amhctl.corpus.importers import Skipped
from amhctl.corpus.recordings import load_recording, place_recording
from amhctl.corpus.records import Record, audio_path, portable_path

Records = Callable[[], Iterable[Record]]

_PARQUET_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_TABLE = FileKind("a table of LJSpeech", re.compile(rb"[^|\r\n]+\|"))
_COMPRESSED = FileKind("a compressed file", re.compile(rb"\x1f\x8b"))
_PARQUET = FileKind("a Parquet file", re.compile(rb"PAR1"))
_LJSPEECH_KEPT = {"id", "audio", "text", "duration", "offset"}


@dataclass(slots=True)
class ExportLog:
    """What an export leaves behind.

    Attributes
    ----------
    records : int
        How many records were written.
    skipped : list[Skipped]
        Records that the format cannot hold, and why.
    not_kept : Counter[str]
        What the format does not carry, and how many records have it.
    recoded : int
        How many recordings are not the files that the manifest names.
    """

    records: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    not_kept: Counter[str] = field(default_factory=Counter)
    recoded: int = 0


@dataclass(frozen=True, slots=True)
class Export:
    """From where to where.

    Attributes
    ----------
    records : Records
        Returns the records again with each call.
    manifest : Path
        Where they are read from.
    output : Path
        The folder to write.
    force : bool
        Whether files there may be replaced.
    """

    records: Records
    manifest: Path
    output: Path
    force: bool = False

    @property
    def folder(self) -> Path:
        """The manifest's folder."""
        return self.manifest.parent

    def require(self, path: Path, kind: FileKind) -> None:
        """Refuse a file of the data set that is not to be written."""
        require_output_file(path, kind, force=self.force, sources=(self.manifest,))


def export_records(form: str, export: Export, log: ExportLog) -> tuple[Path, ...]:
    """Write records as a foreign data set and return its main files.

    Raises
    ------
    DatasetError
        If the format is unknown, or not one record could be written.
    FileExistsRefused
        If a file is there already.
    MissingExtra
        If the format needs a package that is not installed.
    """
    if form not in FORMATS:
        raise DatasetError(f"unknown format {form!r}", hint=f"one of: {', '.join(FORMATS)}")
    return FORMATS[form](export, log)


def _refuse_nothing(log: ExportLog) -> None:
    # Called before a file takes its name: an export of nothing leaves nothing.
    if not log.records:
        first = log.skipped[0]
        raise DatasetError(
            f"no record could be exported ({first.reason})",
            subject=first.subject,
            hint="`amhctl data check` lists all faults of the manifest",
        )


def _export_ljspeech(export: Export, log: ExportLog) -> tuple[Path, ...]:
    path = export.output / table.TABLE_NAME
    export.require(path, _TABLE)
    recordings = export.output / table.LJSPEECH_FOLDER
    if recordings.exists():
        read = (audio_path(record, export.folder) for record in export.records())
        require_output_files(recordings, sources=read)
    with atomic_path(path) as temporary:
        table.write_ljspeech(temporary, _ljspeech_rows(export, log))
        _refuse_nothing(log)
    return (path,)


def _ljspeech_rows(export: Export, log: ExportLog) -> Iterator[tuple[str, str]]:
    for record in export.records():
        if fault := table.ljspeech_fault(record.id, record.text):
            log.skipped.append(Skipped(record.id, fault))
            continue
        try:
            recording = load_recording(record, export.folder, suffix=".wav")
        except AudioError as error:
            log.skipped.append(Skipped(record.id, error.message))
            continue
        path = export.output / table.LJSPEECH_FOLDER / f"{record.id}.wav"
        place_recording(path, recording.content, force=export.force)
        log.records += 1
        log.recoded += recording.recoded
        log.not_kept.update(set(record.model_dump(exclude_defaults=True)) - _LJSPEECH_KEPT)
        if record.offset:
            log.not_kept["offset"] += 1
        if record.text != record.text.strip():
            log.not_kept["spaces around the text"] += 1
        yield record.id, record.text


def _export_json_lines(export: Export, log: ExportLog) -> tuple[Path, ...]:
    path = export.output / jsonlines.FILE_NAME
    export.require(path, JSON)
    with atomic_path(path) as temporary:
        rows = (row for row, _ in _rows_in_place(export, log))
        jsonlines.write_json_lines(temporary, ({k: v for k, v in row.items() if v != ""} for row in rows))
        _refuse_nothing(log)
    return (path,)


def _export_cuts(export: Export, log: ExportLog) -> tuple[Path, ...]:
    path = export.output / cuts.FILE_NAME
    export.require(path, _COMPRESSED)
    with atomic_path(path) as temporary:
        cuts.write_cuts(temporary, _rows_in_place(export, log))
        _refuse_nothing(log)
    return (path,)


def _rows_in_place(export: Export, log: ExportLog) -> Iterator[tuple[Mapping[str, object], cuts.CutRecording]]:
    """Yield the values of records whose recordings stay where they are, and what is known of those."""
    for record in export.records():
        path = audio_path(record, export.folder)
        try:
            info = probe(path)
        except AudioError as error:
            log.skipped.append(Skipped(record.id, error.message))
            continue
        log.records += 1
        values = record.model_dump()
        values["audio"] = portable_path(path, export.output)
        if record.duration is None:
            values["duration"] = round(float(info.duration) - record.offset, 6)
        yield values, cuts.CutRecording(str(values["audio"]), info.sample_rate, info.frames, info.channels)


def _export_parquet(export: Export, log: ExportLog) -> tuple[Path, ...]:
    present = {record.split or "train" for record in export.records()}
    paths = {
        split: export.output / parquet.FILE_NAME.format(split=name)
        for split, name in _PARQUET_SPLITS.items()
        if split in present
    }
    for path in paths.values():
        export.require(path, _PARQUET)
    with ExitStack() as stack:
        for split, path in paths.items():
            parquet.write_parquet(stack.enter_context(atomic_path(path)), _parquet_rows(export, split, log))
        _refuse_nothing(log)
    return tuple(paths.values())


def _parquet_rows(export: Export, split: str, log: ExportLog) -> Iterator[tuple[Mapping[str, object], EmbeddedAudio]]:
    for record in export.records():
        # The datasets library takes what names no split for training data; the column still says that none is named.
        if (record.split or "train") != split:
            continue
        try:
            recording = load_recording(record, export.folder)
        except AudioError as error:
            log.skipped.append(Skipped(record.id, error.message))
            continue
        log.records += 1
        log.recoded += recording.recoded
        values = record.model_dump()
        if recording.recoded:
            log.not_kept.update(key for key in ("offset", "sha256") if values[key])
            values["sha256"] = ""
        if record.duration is None:
            values["duration"] = round(probe(audio_path(record, export.folder)).duration - record.offset, 6)
        yield values, EmbeddedAudio(recording.content, recording.suffix)


FORMATS: Mapping[str, Callable[[Export, ExportLog], tuple[Path, ...]]] = {
    "ljspeech": _export_ljspeech,
    "jsonl": _export_json_lines,
    "lhotse": _export_cuts,
    "parquet": _export_parquet,
}
