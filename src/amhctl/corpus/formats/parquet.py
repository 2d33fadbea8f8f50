"""Hugging Face data sets on disk: Parquet files and Arrow streams with the recordings inside. Knows no record.

Columns are read by the names that JSON Lines have, too. ``audio`` is a struct of ``bytes`` and ``path`` (the convention
of the datasets library) or a path. A folder is read with everything below it; where no column names a split, the file
does (``train-00000-of-00002.parquet``) or its folder (``train/data-00000-of-00001.arrow``). Rows are read and written
in batches, so that one batch of recordings is in memory at a time. pyarrow is an extra.
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from amhctl.core.errors import DatasetError, MissingExtra
from amhctl.corpus.formats.row import AUDIO_SUFFIXES, EmbeddedAudio, Row, map_keys, walk_files

FILE_NAME = "{split}-00000-of-00001.parquet"
TEXT_COLUMNS = (
    "id",
    "text",
    "speaker",
    "session",
    "language",
    "split",
    "licence",
    "consent",
    "source",
    "processing",
    "sha256",
)

_SUFFIXES = (".parquet", ".arrow")
_BATCH_ROWS = 64
_SPLIT_NAMES = ("train", "validation", "valid", "dev", "test")
_MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3\x03": ".mp3", b"ID3\x04": ".mp3", b"FORM": ".aiff"}


def read_parquet(source: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet or Arrow file, or of all that a folder holds.

    Raises
    ------
    DatasetError
        If there is no such file, or one is damaged.
    MissingExtra
        If pyarrow is not installed.
    """
    arrow = _load_arrow()
    files: list[Path] = []
    for item in [source] if source.is_file() else walk_files(source):
        if isinstance(item, Row):
            yield item
        elif item.suffix in _SUFFIXES and not item.name.startswith("cache-"):
            files.append(item)
    if not files:
        raise DatasetError(
            "there is no .parquet or .arrow file", subject=str(source), hint="give such a file, or a folder with them"
        )
    for path in sorted(files):
        try:
            yield from _of_file(arrow, path, source)
        except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowKeyError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise DatasetError(f"the file cannot be read: {reason}", subject=str(path), hint="copy it again") from error


def _of_file(arrow: Any, path: Path, source: Path) -> Iterator[Row]:  # noqa: ANN401
    split = _split_of_name(path, source)
    name = path.relative_to(source).as_posix() if path != source else path.name
    number = 0
    for batch in _batches(arrow, path):
        for value in batch.to_pylist():
            number += 1
            yield _of_value(value, f"{name}:{number}", path, split)


def _batches(arrow: Any, path: Path) -> Iterator[Any]:  # noqa: ANN401
    if path.suffix == ".parquet":
        yield from importlib.import_module("pyarrow.parquet").ParquetFile(path).iter_batches(batch_size=_BATCH_ROWS)
        return
    with arrow.memory_map(str(path)) as stream:
        batches = arrow.ipc.open_stream(stream)
        for batch in batches:
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                yield batch.slice(start, _BATCH_ROWS)


def _of_value(value: Mapping[str, Any], subject: str, path: Path, split: str) -> Row:
    values, unknown = map_keys(value)
    audio = values.pop("audio", None)
    if split:
        values.setdefault("split", split)
    place = audio.get("path") if isinstance(audio, Mapping) else audio
    content = audio.get("bytes") if isinstance(audio, Mapping) else None
    name = place if isinstance(place, str) else ""
    if "id" not in values:
        values["id"] = Path(name).stem or f"{path.stem}-{subject.rpartition(':')[2]}"
    if isinstance(content, bytes) and content:
        return Row(subject, values, unknown, embedded=EmbeddedAudio(content, _suffix(name, content)))
    if name:
        values["audio"] = path.parent / name
    return Row(subject, values, unknown)


def _suffix(name: str, content: bytes) -> str:
    suffix = Path(name).suffix.lower()
    # A frame of MPEG audio begins with eleven set bits; anything else unknown is called WAV, and probing it tells.
    guess = ".mp3" if content[:1] == b"\xff" else ".wav"
    return suffix if suffix in AUDIO_SUFFIXES else _MAGIC.get(content[:4], guess)


def _split_of_name(path: Path, source: Path) -> str:
    above = path.parent.name if path.parent != source else ""
    for name in (path.stem.partition("-")[0], above):
        if name in _SPLIT_NAMES:
            return name
    return ""


def write_parquet(path: Path, rows: Iterable[tuple[Mapping[str, object], EmbeddedAudio]]) -> None:
    """Write utterances with their recordings inside, described so that the datasets library plays them.

    Raises
    ------
    MissingExtra
        If pyarrow is not installed.
    """
    arrow = _load_arrow()
    audio = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    columns = [("audio", audio), *((name, arrow.string()) for name in TEXT_COLUMNS), ("duration", arrow.float64())]
    features: dict[str, object] = {name: {"dtype": str(kind), "_type": "Value"} for name, kind in columns[1:]}
    features = {"audio": {"_type": "Audio"}, **features, "duration": {"dtype": "float64", "_type": "Value"}}
    note = json.dumps({"info": {"features": features}})
    schema = arrow.schema(columns, metadata={"huggingface": note})
    with importlib.import_module("pyarrow.parquet").ParquetWriter(path, schema) as writer:
        batch: list[dict[str, object]] = []
        for row, sound in rows:
            name = f"{row['id']}{sound.suffix}"
            kept = {key: row[key] for key in (*TEXT_COLUMNS, "duration")}
            batch.append({"audio": {"bytes": sound.content, "path": name}, **kept})
            if len(batch) == _BATCH_ROWS:
                writer.write_batch(arrow.RecordBatch.from_pylist(batch, schema=schema))
                batch = []
        if batch:
            writer.write_batch(arrow.RecordBatch.from_pylist(batch, schema=schema))


def _load_arrow() -> Any:  # noqa: ANN401
    try:
        # Imported on use: an extra, and heavy.
        return importlib.import_module("pyarrow")
    except ImportError as fault:
        raise MissingExtra(
            "pyarrow is not installed", subject="pyarrow", hint="pip install 'amhctl[huggingface]'"
        ) from fault
