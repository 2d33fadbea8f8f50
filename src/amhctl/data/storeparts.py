"""The files of one part of a code store: an index and two files of bytes that only grow. Knows no codec.

The order of writing is what makes a kill at any moment harmless: an utterance's codes and features are handed to the
system before its index line, so a whole index line always has its data.
"""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from amhctl.config.document import Document
from amhctl.core.errors import DatasetError
from amhctl.data.records import Record

if sys.platform != "win32":
    import fcntl

CODE = np.dtype("<u2")
FEATURE = np.dtype("<f2")


class _IndexLine(Document):
    """One line of ``index-PART.jsonl``."""

    record: Record
    frames: int
    feature_frames: int
    codes_offset: int
    features_offset: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredUtterance:
    """One utterance in a store.

    Attributes
    ----------
    record : Record
        The manifest's record; ``duration`` is the true length of what was encoded.
    frames : int
        Frames S of codes.
    feature_frames : int
        Frames T of features.
    part : str
        Which files it lies in.
    codes_offset, features_offset : int
        Bytes from the start of those files.
    sha256 : str
        Digest of the bytes of its codes, then of its features.
    """

    record: Record
    frames: int
    feature_frames: int
    part: str
    codes_offset: int
    features_offset: int
    sha256: str

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id


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


def codes_file(folder: Path, part: str) -> Path:
    """Return where the codes of a part lie."""
    return folder / f"codes-{part}.bin"


def features_file(folder: Path, part: str) -> Path:
    """Return where the features of a part lie."""
    return folder / f"features-{part}.bin"


def read_part(folder: Path, part: str, *, codebooks: int, bins: int) -> Part:
    """Read the index of a part; a last line that a killed process left unfinished is passed over.

    Raises
    ------
    DatasetError
        If a line before the last is damaged.
    """
    index = folder / f"index-{part}.jsonl"
    sizes = (_size(codes_file(folder, part)), _size(features_file(folder, part)))
    found: dict[str, StoredUtterance] = {}
    index_bytes = codes_bytes = features_bytes = 0
    # Behind the last newline stands nothing, or what a killed writer left.
    lines = index.read_bytes().split(b"\n")[:-1] if index.exists() else []
    for number, raw in enumerate(lines, start=1):
        try:
            line = _IndexLine.model_validate_json(raw)
        except ValidationError as error:
            if number == len(lines):
                break
            raise DatasetError(
                "the index line is damaged", subject=f"{index}:{number}", hint="extract this store again"
            ) from error
        ends = (
            line.codes_offset + line.frames * codebooks * CODE.itemsize,
            line.features_offset + line.feature_frames * bins * FEATURE.itemsize,
        )
        if ends[0] > sizes[0] or ends[1] > sizes[1]:
            # After a power cut the index may have reached the disk before its data: nothing behind it is safe.
            break
        # A later line with the same id amends the record; its data stay where they are.
        found[line.record.id] = StoredUtterance(
            line.record,
            line.frames,
            line.feature_frames,
            part,
            line.codes_offset,
            line.features_offset,
            line.sha256,
        )
        index_bytes += len(raw) + 1
        codes_bytes, features_bytes = max(codes_bytes, ends[0]), max(features_bytes, ends[1])
    return Part(tuple(found.values()), index_bytes, codes_bytes, features_bytes)


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
        If another process writes this part.
    """

    def __init__(self, folder: Path, part: str, *, codebooks: int, bins: int) -> None:
        self._part = part
        index = folder / f"index-{part}.jsonl"
        self._index = _open_to_write(index)
        _lock(self._index, index)
        # Only under the lock is it certain what the part holds: another process may have just finished with it.
        self.found = read_part(folder, part, codebooks=codebooks, bins=bins)
        self._codes = _open_to_write(codes_file(folder, part))
        self._features = _open_to_write(features_file(folder, part))
        for stream, size in (
            (self._index, self.found.index_bytes),
            (self._codes, self.found.codes_bytes),
            (self._features, self.found.features_bytes),
        ):
            stream.truncate(size)
            stream.seek(size)

    def append(
        self, record: Record, codes_QS: NDArray[np.uint16], features_TF: NDArray[np.floating]
    ) -> StoredUtterance:
        """Add an utterance whose shapes have been checked."""
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
        )
        for stream, content in ((self._codes, codes), (self._features, features), (self._index, _line_of(stored))):
            stream.write(content)
            stream.flush()
        return stored

    def amend(self, stored: StoredUtterance) -> None:
        """Add an index line for an utterance whose data are there."""
        self._index.write(_line_of(stored))
        self._index.flush()

    def sync(self) -> None:
        """Have the system write everything to the disk, data first."""
        for stream in (self._codes, self._features, self._index):
            os.fsync(stream.fileno())

    def close(self) -> None:
        """Write everything to the disk and give the part free."""
        self.sync()
        for stream in (self._codes, self._features, self._index):
            stream.close()


def _open_to_write(path: Path) -> BinaryIO:
    path.touch()
    return path.open("r+b")


def _lock(stream: BinaryIO, path: Path) -> None:
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


def _line_of(stored: StoredUtterance) -> bytes:
    value = {
        "record": stored.record.model_dump(exclude_defaults=True),
        "frames": stored.frames,
        "feature_frames": stored.feature_frames,
        "codes_offset": stored.codes_offset,
        "features_offset": stored.features_offset,
        "sha256": stored.sha256,
    }
    return json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
