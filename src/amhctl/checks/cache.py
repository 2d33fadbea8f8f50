"""Measurements of recordings kept in a folder, so that the next check need not decode them again. Knows no findings.

``measurements.jsonl``: one JSON object per line with ``version``, ``path``, ``size``, ``mtime_ns``, ``offset``,
``duration`` and ``measurements``. A recording is known again by path, size and time of change, or, moved or touched,
by the SHA-256 of its bytes. Lines are appended as work continues; one that is damaged or of another version is skipped.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Self, get_type_hints

from amhctl.checks.measurements import Measurements
from amhctl.core.documents import parse_json
from amhctl.core.errors import DatasetError
from amhctl.core.files import sha256_of_file
from amhctl.corpus.records import Record, audio_path

_VERSION = 7
"""Raised whenever what is measured, or how, changes."""
_NAME = "measurements.jsonl"
_TYPES = get_type_hints(Measurements)

Place = tuple[str, int, int, float, float | None]
Content = tuple[str, float, float | None]


class MeasurementCache:
    """Finds and keeps measurements; use it in a ``with`` block.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if need be.

    Raises
    ------
    DatasetError
        If the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._places: dict[Place, Measurements] = {}
        self._contents: dict[Content, Measurements] = {}
        self._sizes: set[int] = set()
        self.damaged = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                self._load(self._path.read_bytes())
            self._stream = self._path.open("ab")
            # A line truncated by a crash ends here, so that the next one is whole.
            if self._stream.tell():
                self._write(b"\n")
        except OSError as error:
            raise unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        """Return the cache."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._stream.close()

    def find(self, record: Record, folder: Path) -> Measurements | None:
        """Return what is known of a record's recording, None if nothing is or the file cannot be read."""
        path = audio_path(record, folder)
        try:
            place = _place(record, path)
            if place in self._places:
                return self._places[place]
            if place[1] not in self._sizes:
                return None
            return self._contents.get((sha256_of_file(path), record.offset, record.duration))
        except OSError:
            return None

    def keep(self, record: Record, folder: Path, measurements: Measurements) -> None:
        """Keep the measurements of a recording.

        Raises
        ------
        DatasetError
            If the disk is full.
        """
        path = audio_path(record, folder)
        try:
            place = _place(record, path)
        except OSError:
            return
        if place in self._places:
            return
        keys = dict(zip(("path", "size", "mtime_ns", "offset", "duration"), place, strict=True))
        line = json.dumps({"version": _VERSION, **keys, "measurements": asdict(measurements)}, ensure_ascii=False)
        try:
            self._write(f"{line}\n".encode())
        except OSError as error:
            raise unwritable(self._path, error) from error
        self._remember(place, measurements)

    def _write(self, content: bytes) -> None:
        self._stream.write(content)
        self._stream.flush()

    def _load(self, content: bytes) -> None:
        for line in content.splitlines():
            if not line.strip():
                continue
            try:
                value = parse_json(line)
                if not isinstance(value, dict):
                    raise TypeError("not an object")
                if value["version"] != _VERSION:
                    continue
                place = tuple(value[key] for key in ("path", "size", "mtime_ns", "offset", "duration"))
                self._remember(place, _parse(value["measurements"]))
            except (ValueError, KeyError, TypeError):
                self.damaged += 1

    def _remember(self, place: Place, measurements: Measurements) -> None:
        self._places[place] = measurements
        self._contents[measurements.sha256, place[3], place[4]] = measurements
        self._sizes.add(place[1])


def _place(record: Record, path: Path) -> Place:
    status = path.stat()
    return (str(path.resolve()), status.st_size, status.st_mtime_ns, record.offset, record.duration)


def _parse(value: dict[str, object]) -> Measurements:
    given = {field.name: value[field.name] for field in fields(Measurements)}
    for name, item in given.items():
        wanted = (int, float) if _TYPES[name] is float else _TYPES[name]
        if not isinstance(item, wanted):
            raise TypeError(name)
    bytes.fromhex(str(given["fingerprint"]))
    return Measurements(**given)  # type: ignore[arg-type]


def unwritable(path: Path, error: OSError) -> DatasetError:
    """Return the error of a cache that cannot be written."""
    return DatasetError(
        f"measurements cannot be saved: {error.strerror}", subject=str(path), hint="name another folder with --cache"
    )
