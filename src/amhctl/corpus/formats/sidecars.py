"""A folder of recordings, each with a file of its text beside it. Knows no record.

``a.wav`` has its text in ``a.txt``, ``a.lab`` (plain text) or ``a.json`` (an object with a text), or is cut into
utterances by ``a.lrc``, ``a.srt`` or ``a.vtt``. Of several, the first in this order is taken and the others are said.
Read only.
"""

from collections.abc import Iterator
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.jsonlines import json_row, parse_object
from amhctl.corpus.formats.row import AUDIO_SUFFIXES, KEYS, Row, read_whole, walk_files
from amhctl.corpus.formats.subtitles import TIMED_SUFFIXES, timed_rows

_PLAIN = (".txt", ".lab")
_SUFFIXES = (*_PLAIN, ".json", *TIMED_SUFFIXES)


def read_sidecars(source: Path) -> Iterator[Row]:
    """Yield the rows of a folder and of all folders below it.

    Raises
    ------
    DatasetError
        If the source is no folder.
    """
    if not source.is_dir():
        raise DatasetError("the source must be a folder with texts and recordings", subject=str(source))
    for item in walk_files(source):
        if isinstance(item, Row):
            yield item
        elif item.suffix.lower() in AUDIO_SUFFIXES:
            yield from _of_recording(item, source)
        elif item.suffix.lower() in (*_PLAIN, *TIMED_SUFFIXES) and not _has_recording(item):
            yield Row(item.relative_to(source).as_posix(), fault="no recording with the same name")


def _has_recording(text: Path) -> bool:
    return any(text.with_suffix(suffix).is_file() for suffix in AUDIO_SUFFIXES)


def _of_recording(path: Path, source: Path) -> Iterator[Row]:
    inside = path.relative_to(source)
    subject = inside.as_posix()
    beside = [path.with_suffix(suffix) for suffix in _SUFFIXES if path.with_suffix(suffix).is_file()]
    if not beside:
        yield Row(subject, fault=f"no {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]} beside it")
        return
    taken, *others = beside
    for other in others:
        yield Row(other.relative_to(source).as_posix(), fault=f"not read, because {taken.name} is used instead")
    if taken.suffix in TIMED_SUFFIXES:
        yield from timed_rows(path, taken, source)
        return
    text, fault = read_whole(taken)
    values: dict[str, object] = {"id": inside.with_suffix("").as_posix().replace("/", "-"), "audio": path}
    if fault:
        yield Row(subject, fault=fault)
    elif taken.suffix in _PLAIN:
        yield Row(subject, values | {"text": " ".join(text.split())})
    else:
        value, fault = parse_object(text)
        if value is None:
            yield Row(subject, fault=f"{taken.name}: {fault}")
            return
        row = json_row(path.parent, subject, {key: item for key, item in value.items() if key not in KEYS["audio"]})
        yield Row(subject, values | dict(row.values), row.unknown)
