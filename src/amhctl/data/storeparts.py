"""The files of one part of a code store: an index and two files of bytes that only grow. Knows no codec.

The order of writing is what makes a kill at any moment harmless: an utterance's codes and features are handed to the
system before its index line, so a whole index line always has its data. Nothing is buffered here, so a write that the
system refuses leaves nothing behind that could be written later.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import DatasetError
from amhctl.data.records import Record
from amhctl.data.storeindex import UNKNOWN_AUDIO, AudioDigest, StoredUtterance, format_line, parse_line

if sys.platform != "win32":
    import fcntl

CODE = np.dtype("<u2")
FEATURE = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class PartLine:
    """One whole line of a part's index.

    Attributes
    ----------
    number : int
        Counted from 1.
    offset, size : int
        Where it lies in the index, its newline included.
    stored : StoredUtterance | None
        None if the line is damaged.
    ends : tuple[int, int]
        Where its codes and its features end.
    has_data : bool
        Whether the files reach so far.
    """

    number: int
    offset: int
    size: int
    stored: StoredUtterance | None
    ends: tuple[int, int]
    has_data: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The whole utterances of one part, and how many bytes of each file belong to them."""

    utterances: tuple[StoredUtterance, ...]
    index_bytes: int
    codes_bytes: int
    features_bytes: int


def part_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the parts that exist, sorted."""
    return tuple(sorted(file.name[len("index-") : -len(".jsonl")] for file in folder.glob("index-*.jsonl")))


def index_file(folder: Path, part: str) -> Path:
    """Return where the index of a part lies."""
    return folder / f"index-{part}.jsonl"


def codes_file(folder: Path, part: str) -> Path:
    """Return where the codes of a part lie."""
    return folder / f"codes-{part}.bin"


def features_file(folder: Path, part: str) -> Path:
    """Return where the features of a part lie."""
    return folder / f"features-{part}.bin"


def scan_part(folder: Path, part: str, *, codebooks: int, bins: int) -> Iterator[PartLine]:
    """Yield every line of a part's index that ends; blank ones, which stand for mended damage, are passed over."""
    index = index_file(folder, part)
    if not index.exists():
        return
    sizes = (_size(codes_file(folder, part)), _size(features_file(folder, part)))
    offset = 0
    with index.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            # Behind the last newline stands what a killed writer left.
            if not raw.endswith(b"\n"):
                return
            if raw.strip():
                stored = parse_line(raw, part)
                ends = _ends(stored, codebooks, bins) if stored else (0, 0)
                has_data = ends[0] <= sizes[0] and ends[1] <= sizes[1]
                yield PartLine(number, offset, len(raw), stored, ends, has_data)
            offset += len(raw)


def read_part(folder: Path, part: str, *, codebooks: int, bins: int) -> Part:
    """Read the index of a part; what a killed process left unfinished at its end is passed over.

    Raises
    ------
    DatasetError
        If a line before the last is damaged.
    """
    found: dict[str, StoredUtterance] = {}
    index_bytes = codes_bytes = features_bytes = damaged = 0
    for line in scan_part(folder, part, codebooks=codebooks, bins=bins):
        if damaged:
            raise DatasetError(
                "the index line is damaged",
                subject=f"{index_file(folder, part)}:{damaged}",
                hint="run `amhctl codes extract` on it again: it encodes anew what is damaged",
            )
        if line.stored is None:
            damaged = line.number
            continue
        if not line.has_data:
            # After a power cut the index may have reached the disk before its data: nothing behind it is safe.
            break
        # A later line with the same id amends the record, or points to newer data.
        found[line.stored.id] = line.stored
        index_bytes = line.offset + line.size
        codes_bytes, features_bytes = max(codes_bytes, line.ends[0]), max(features_bytes, line.ends[1])
    return Part(tuple(found.values()), index_bytes, codes_bytes, features_bytes)


def mend_part(folder: Path, part: str, *, codebooks: int, bins: int) -> int:
    """Blank the damaged lines of a part's index, so that the rest can be read; return how many there were.

    A last line that is damaged is left to the next writer, which cuts it off.

    Raises
    ------
    DatasetError
        If another process writes this part.
    """
    index = index_file(folder, part)
    if not index.exists():
        return 0
    with _open_to_write(index) as stream:
        _lock(stream, index)
        lines = list(scan_part(folder, part, codebooks=codebooks, bins=bins))
        damaged = [line for line in lines[:-1] if line.stored is None]
        for line in damaged:
            stream.seek(line.offset)
            _write(stream, b" " * (line.size - 1) + b"\n")
        os.fsync(stream.fileno())
    return len(damaged)


def digest(codes: bytes, features: bytes) -> str:
    """Return the SHA-256 of an utterance's bytes."""
    return hashlib.sha256(codes + features).hexdigest()


class PartWriter:
    """Appends to one part, alone; cuts off what a killed process left behind its last whole utterance.

    Parameters
    ----------
    folder : Path
        The store.
    part : str
        Name of the part; made if it is new.
    codebooks : int
        Rows of its codes.
    bins : int
        Columns of its features.

    Raises
    ------
    DatasetError
        If another process writes this part, or the system refuses to write.
    """

    def __init__(self, folder: Path, part: str, *, codebooks: int, bins: int) -> None:
        self._folder = folder
        self._part = part
        index = index_file(folder, part)
        self._index = _open_to_write(index)
        _lock(self._index, index)
        # Only under the lock is it certain what the part holds: another process may have just finished with it.
        self.found = read_part(folder, part, codebooks=codebooks, bins=bins)
        self._codes = _open_to_write(codes_file(folder, part))
        self._features = _open_to_write(features_file(folder, part))
        self._cut(self.found.codes_bytes, self.found.features_bytes, self.found.index_bytes)

    def append(
        self,
        record: Record,
        codes_QS: NDArray[np.uint16],
        features_TF: NDArray[np.floating],
        audio: AudioDigest = UNKNOWN_AUDIO,
    ) -> StoredUtterance:
        """Add an utterance whose shapes have been checked.

        Raises
        ------
        DatasetError
            If the system refuses to write, as on a full disk; the part is as it was before.
        """
        codes = np.ascontiguousarray(codes_QS, dtype=CODE).tobytes()
        features = np.ascontiguousarray(features_TF, dtype=FEATURE).tobytes()
        stored = StoredUtterance(
            record=record,
            frames=codes_QS.shape[1],
            feature_frames=features_TF.shape[0],
            part=self._part,
            codes_offset=self._codes.tell(),
            features_offset=self._features.tell(),
            sha256=digest(codes, features),
            audio=audio,
        )
        self._add(codes, features, format_line(stored))
        return stored

    def point(self, record: Record, to: StoredUtterance, audio: AudioDigest) -> StoredUtterance:
        """Add an index line whose data are there: those of an utterance of this part.

        Raises
        ------
        DatasetError
            If the system refuses to write.
        """
        stored = replace(to, record=record, audio=audio)
        self._add(b"", b"", format_line(stored))
        return stored

    def sync(self) -> None:
        """Have the system write everything to the disk, data first.

        Raises
        ------
        DatasetError
            If it cannot.
        """
        try:
            for stream in self._streams:
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> None:
        """Write everything to the disk and give the part free.

        Raises
        ------
        DatasetError
            If the system cannot write.
        """
        try:
            self.sync()
        finally:
            for stream in self._streams:
                stream.close()

    @property
    def _streams(self) -> tuple[FileIO, FileIO, FileIO]:
        return self._codes, self._features, self._index

    def _add(self, codes: bytes, features: bytes, line: bytes) -> None:
        before = [stream.tell() for stream in self._streams]
        try:
            for stream, content in zip(self._streams, (codes, features, line), strict=True):
                _write(stream, content)
        except OSError as error:
            # If not even this succeeds: readers pass over a line that is not whole, and the next writer cuts it off.
            with suppress(OSError):
                self._cut(*before)
            raise self._refused(error) from error

    def _cut(self, codes: int, features: int, index: int) -> None:
        for stream, size in zip(self._streams, (codes, features, index), strict=True):
            stream.truncate(size)
            stream.seek(size)

    def _refused(self, error: OSError) -> DatasetError:
        reason = (error.strerror or type(error).__name__).lower()
        return DatasetError(
            f"the store cannot be written: {reason}",
            subject=str(self._folder),
            hint="what is in it stays readable; make room and run the same command again: it goes on where it stopped",
        )


def _ends(stored: StoredUtterance, codebooks: int, bins: int) -> tuple[int, int]:
    return (
        stored.codes_offset + stored.frames * codebooks * CODE.itemsize,
        stored.features_offset + stored.feature_frames * bins * FEATURE.itemsize,
    )


def _write(stream: FileIO, content: bytes) -> None:
    # An unbuffered write may take a part only, as it does when the disk becomes full on the way.
    view = memoryview(content)
    while view:
        view = view[stream.write(view) :]


def _open_to_write(path: Path) -> FileIO:
    path.touch()
    return path.open("r+b", buffering=0)


def _lock(stream: FileIO, path: Path) -> None:
    """Refuse a second writer of a part; the system frees the lock when the process ends, however it ends."""
    if sys.platform != "win32":
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.close()
            raise DatasetError(
                "another process is writing this part of the store",
                subject=str(path),
                hint="wait for it, or give each process its own --shard i/n",
            ) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
