"""Manifest records: one utterance per line. Knows no audio content.

A manifest is JSON Lines in UTF-8. ``audio`` is relative to the manifest's folder unless absolute. Unknown keys are
kept out: a line that has one is refused with its number. Empty lines are allowed. A key that has its default value is
left out when written.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.config.document import Document
from amhctl.core.documents import MOST_LINE_BYTES, limited_lines, parse_json
from amhctl.core.errors import DatasetError, DocumentError
from amhctl.core.files import atomic_path, refuse_existing

Split = Literal["train", "valid", "test"]

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MAKE_ONE = "give the path of a .jsonl file; amhctl data import makes one"
_FIX_HINT = "correct that line; `amhctl data check` lists all faults at once"


class Record(Document):
    """One utterance."""

    id: str = Field(min_length=1)
    """Unique in the manifest."""
    audio: str = Field(min_length=1)
    """Path of the audio file."""
    text: str
    """What is said, as written."""
    speaker: str = "unknown"
    """Speaker name."""
    session: str = ""
    """Recording session."""
    language: str = "am"
    """ISO 639 code."""
    split: Split | Literal[""] = ""
    """Empty until ``data split`` has decided."""
    duration: float | None = Field(None, gt=0)
    """Seconds, if known; with an offset, how much of the file belongs to the utterance."""
    offset: float = Field(0.0, ge=0)
    """Seconds from the start of the file."""
    licence: str = ""
    """Licence of the recording."""
    consent: str = ""
    """How the speaker consented."""
    source: str = ""
    """Where the recording comes from."""
    processing: str = ""
    """What was done to the recording since it was made, such as the enhancer that cleaned it."""
    sha256: str = ""
    """Digest of the audio file, if known."""

    @field_validator("*")
    @classmethod
    def _can_be_written(cls, value: object) -> object:
        """Refuse what JSON can say and neither a file nor a path can hold."""
        if isinstance(value, str) and _HALF_CHARACTER.search(value):
            raise ValueError("it contains an incomplete character (a lone surrogate)")
        return value

    @field_validator("audio")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("a path cannot contain a zero byte")
        return value


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One line of a manifest: a record, or why it is none.

    Attributes
    ----------
    number : int
        Counted from 1.
    record : Record | None
        None if the line is faulty.
    fault : str
        What is wrong with the line; empty if nothing is.
    """

    number: int
    record: Record | None
    fault: str


def scan_manifest(path: Path) -> Iterator[ManifestLine]:
    """Yield every line of a manifest that is not empty, faulty ones included.

    Raises
    ------
    DatasetError
        If the file is missing, cannot be read, or is a pipe.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DatasetError(
            "the manifest is a pipe or device and cannot be read twice",
            subject=str(path),
            hint="write it to a file: audio paths are relative to its folder",
        )
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DatasetError(
            f"the manifest cannot be opened: {error.strerror}",
            subject=str(path),
            hint=_MAKE_ONE,
        ) from error
    with stream:
        for number, raw in enumerate(limited_lines(stream), start=1):
            if raw is None:
                yield ManifestLine(number, None, f"the line is longer than {MOST_LINE_BYTES >> 20} MiB")
            elif raw.strip():
                yield _parse(number, raw)


def _parse(number: int, raw: bytes) -> ManifestLine:
    try:
        value = parse_json(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return ManifestLine(number, None, "the line is not UTF-8")
    except DocumentError as error:
        return ManifestLine(number, None, f"the line is {error.message}")
    if not isinstance(value, dict):
        return ManifestLine(number, None, "the line is not a JSON object")
    try:
        return ManifestLine(number, Record.model_validate(value), "")
    except ValidationError as error:
        faults = [_describe(".".join(map(str, item["loc"])), item["msg"], item["type"]) for item in error.errors()]
        return ManifestLine(number, None, "; ".join(faults))


def _describe(key: str, message: str, kind: str) -> str:
    if kind == "missing":
        return f"the key {key!r} is missing"
    if kind == "extra_forbidden":
        return f"the key {key!r} is unknown"
    reason = message.removeprefix("Value error, ")
    return f"the key {key!r}: {reason[0].lower()}{reason[1:]}"


def read_records(path: Path) -> tuple[Record, ...]:
    """Read a manifest.

    Raises
    ------
    DatasetError
        If the file cannot be read, holds no record, a line is not a record, or an id occurs twice; the subject is
        ``file:line``.
    """
    return tuple(iter_records(path))


def iter_records(path: Path) -> Iterator[Record]:
    """Yield the records of a manifest one by one, so that a long one need not be in memory.

    Raises
    ------
    DatasetError
        As ``read_records``, when the line in question is reached.
    """
    first_line: dict[str, int] = {}
    for line in scan_manifest(path):
        if line.record is None:
            raise DatasetError(line.fault, subject=f"{path}:{line.number}", hint=_FIX_HINT)
        earlier = first_line.setdefault(line.record.id, line.number)
        if earlier != line.number:
            raise DatasetError(
                f"the id {line.record.id!r} occurs already in line {earlier}",
                subject=f"{path}:{line.number}",
                hint=_FIX_HINT,
            )
        yield line.record
    if not first_line:
        raise DatasetError("the manifest has no records", subject=str(path), hint=_MAKE_ONE)


def iter_audio(path: Path) -> Iterator[Path]:
    """Yield where the recordings of a manifest lie, one after the other; lines that are no records are skipped."""
    for line in scan_manifest(path):
        if line.record is not None:
            yield audio_path(line.record, path.parent)


def write_records(path: Path, records: Iterable[Record], *, force: bool = False) -> None:
    """Write a manifest, whole or not at all, record by record; audio paths are written as they are.

    Raises
    ------
    FileExistsRefused
        If the file exists and ``force`` is false.
    """
    refuse_existing(path, force=force)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            stream.write(f"{to_json_line(record)}\n")


def to_json_line(record: Record) -> str:
    """Return a record as one line of JSON, defaults left out, letters kept."""
    return json.dumps(record.model_dump(exclude_defaults=True), ensure_ascii=False)


def audio_path(record: Record, folder: Path) -> Path:
    """Return where the audio of a record lies, given its manifest's folder."""
    return folder / record.audio


def move_record(record: Record, source: Path, target: Path) -> Record:
    """Return the record with its audio path counted from another folder; absolute if it is outside of that."""
    return record.model_copy(update={"audio": portable_path(audio_path(record, source), target)})


def portable_path(path: Path, folder: Path) -> str:
    """Return a path relative to a folder if it lies inside, else absolute; always with forward slashes."""
    # Strings, not Paths: a manifest of a million lines spends most of its time here otherwise.
    whole = os.path.abspath(path)  # noqa: PTH100 (symbolic links are kept as the user laid them)
    root = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118
    return whole.removeprefix(root).replace(os.sep, "/")


def read_audio(record: Record, folder: Path, *, sample_rate: int | None = None, full_scale: float = 1.0) -> Waveform:
    """Read the audio of a record, cut to its offset and duration, its samples divided by ``full_scale``.

    Raises
    ------
    AudioError
        As ``audio.files.read`` does.
    """
    return files.read(
        audio_path(record, folder),
        sample_rate=sample_rate,
        offset=record.offset,
        duration=record.duration,
        full_scale=full_scale,
    )
