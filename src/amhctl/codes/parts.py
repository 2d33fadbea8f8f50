"""The files of one part of a code store: an index, and a file of bytes for each column; all only grow. Knows no codec.

The order of writing is what makes a kill at any moment harmless: an utterance's data are handed to the system
before its index line, so a whole index line always has its data. Nothing is buffered here, so a write that the
system refuses leaves nothing behind that could be written later.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from amhctl.codes.catalogue import StoreCatalogue
from amhctl.codes.index import UNKNOWN_AUDIO, AudioDigest, StoredUtterance, format_line, index_file, parse_line
from amhctl.codes.layout import ACOUSTICS, CODES, ENCODER, FEATURES, SPEAKER, Columns, Layout, digest
from amhctl.core.errors import DatasetError
from amhctl.core.lock import LOCK_FILE, Holder, hold
from amhctl.corpus.records import Record

_PART = re.compile(r"\d+-of-\d+")


@dataclass(frozen=True, slots=True)
class PartLine:
    """One whole line of a part's index.

    Attributes
    ----------
    number : int
        Counted from 1.
    offset, size : int
        Where it is in the index, its newline included.
    stored : StoredUtterance | None
        None if the line is damaged.
    ends : tuple[int, ...]
        Where each column of it ends.
    has_data : bool
        Whether the files reach so far.
    """

    number: int
    offset: int
    size: int
    stored: StoredUtterance | None
    ends: tuple[int, ...]
    has_data: bool


@dataclass(frozen=True, slots=True)
class PartEnds:
    """How many bytes of each of a part's files belong to its whole utterances.

    Attributes
    ----------
    index_bytes, data_bytes : int, tuple[int, ...]
        Of the index, and of each column.
    missing : str
        The first utterance whose data are not all there; empty if there is none.
    """

    index_bytes: int
    data_bytes: tuple[int, ...]
    missing: str


def part_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the parts that exist, sorted."""
    return tuple(sorted(file.name[len("index-") : -len(".jsonl")] for file in folder.glob("index-*.jsonl")))


def require_part(part: str) -> str:
    """Return the name of a part.

    Raises
    ------
    DatasetError
        If it is not of the form ``i-of-n``.
    """
    if not _PART.fullmatch(part):
        raise DatasetError(f"a shard of a store must have a name like i-of-n, not {part!r}")
    return part


def hold_part(folder: Path, part: str) -> AbstractContextManager[Holder | None]:
    """Hold a part of a store, alone, while a block runs.

    Raises
    ------
    InUseError
        If another process, or another writer in this one, holds it.
    """
    return hold(folder / f"{LOCK_FILE}-{part}", what=f"shard {part} of the store")


def scan_part(folder: Path, part: str, layout: Layout) -> Iterator[PartLine]:
    """Yield every line of a part's index that ends; blank ones, which stand for corrected damage, are skipped."""
    index = index_file(folder, part)
    if not index.exists():
        return
    sizes = [_size(file) for file in layout.files(folder, part)]
    nowhere = (0,) * len(sizes)
    offset = 0
    with index.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            # Behind the last newline stands what a killed writer left.
            if not raw.endswith(b"\n"):
                return
            if raw.strip():
                stored = parse_line(raw, part, offset)
                ends = layout.ends(stored) if stored else nowhere
                has_data = all(end <= size for end, size in zip(ends, sizes, strict=True))
                yield PartLine(number, offset, len(raw), stored, ends, has_data)
            offset += len(raw)


def read_part(catalogue: StoreCatalogue, part: str, layout: Layout) -> PartEnds:
    """Take the whole utterances of a part into a catalogue; what a killed process left at its end is skipped.

    Raises
    ------
    DatasetError
        If a line before the last is damaged.
    """
    index_bytes = damaged = 0
    missing = ""
    data_bytes = (0,) * len(layout.columns)
    for line in scan_part(catalogue.folder, part, layout):
        if damaged:
            raise DatasetError(
                "the index line is damaged",
                subject=f"{index_file(catalogue.folder, part)}:{damaged}",
                hint="run `amhctl codes extract` again: it encodes damaged utterances again",
            )
        if line.stored is None:
            damaged = line.number
            continue
        if not line.has_data:
            # After a power cut the index may have reached the disk before its data: nothing after it is safe.
            missing = line.stored.id
            break
        catalogue.add(line.stored)
        index_bytes = line.offset + line.size
        data_bytes = tuple(map(max, data_bytes, line.ends))
    return PartEnds(index_bytes, data_bytes, missing)


def repair_part(folder: Path, part: str, layout: Layout) -> int:
    """Blank the damaged lines of a part's index, so that the rest can be read; return how many there were.

    A last line that is damaged is left to the next writer, which cuts it off. Only the holder of the part may do this.
    """
    index = index_file(folder, part)
    if not index.exists():
        return 0
    with _open_to_write(index) as stream:
        damaged: list[PartLine] = []
        last = 0
        for line in scan_part(folder, part, layout):
            last = line.number
            if line.stored is None:
                damaged.append(line)
        damaged = [line for line in damaged if line.number != last]
        for line in damaged:
            stream.seek(line.offset)
            _write(stream, b" " * (line.size - 1) + b"\n")
        os.fsync(stream.fileno())
    return len(damaged)


class PartWriter:
    """Appends to one part, alone; cuts off what a killed process left after its last whole utterance.

    Only the holder of the part (``hold_part``) may write to it.

    Parameters
    ----------
    catalogue : StoreCatalogue
        The store's; what the part holds, and what is written to it, is taken into it.
    part : str
        Name of the part; made if it is new.
    layout : Layout
        Which columns it has.

    Raises
    ------
    DatasetError
        If the system refuses to write.
    """

    def __init__(self, catalogue: StoreCatalogue, part: str, layout: Layout) -> None:
        self._catalogue = catalogue
        self._part = part
        self._layout = layout
        folder = catalogue.folder
        index = index_file(folder, part)
        self._index = _open_to_write(index)
        # Only under the lock is it certain what the part holds: another process may have just finished with it.
        ends = read_part(catalogue, part, layout)
        # The index comes last: what is written or made safe in this order is never named before it is there.
        self._streams = (*map(_open_to_write, layout.files(folder, part)), self._index)
        self._cut(*ends.data_bytes, ends.index_bytes)

    def append(self, record: Record, arrays: Columns, audio: AudioDigest = UNKNOWN_AUDIO) -> StoredUtterance:
        """Add an utterance whose arrays, one for each column, have been checked.

        Raises
        ------
        DatasetError
            If the system refuses to write, as on a full disk; the part is as it was before.
        """
        contents = self._layout.encode(arrays)
        # A column that the store has not got has no frames and no place.
        places = {column: stream.tell() for column, stream in zip(self._layout.columns, self._streams, strict=False)}
        frames = {column: array.shape[0] for column, array in arrays.items()}
        stored = StoredUtterance(
            record=record,
            frames=arrays[CODES].shape[1],
            feature_frames=frames[FEATURES],
            part=self._part,
            line=self._index.tell(),
            codes_offset=places[CODES],
            features_offset=places[FEATURES],
            sha256=digest(*contents),
            audio=audio,
            encoder_frames=frames.get(ENCODER, 0),
            encoder_offset=places.get(ENCODER, 0),
            acoustic_frames=frames.get(ACOUSTICS, 0),
            acoustics_offset=places.get(ACOUSTICS, 0),
            speaker_offset=places.get(SPEAKER, 0),
        )
        self._add(stored, contents)
        return stored

    def point(self, record: Record, to: StoredUtterance, audio: AudioDigest) -> StoredUtterance:
        """Add an index line whose data are there: those of an utterance of this part.

        Raises
        ------
        DatasetError
            If the system refuses to write.
        """
        stored = replace(to, record=record, audio=audio, line=self._index.tell())
        self._add(stored, tuple(b"" for _ in self._layout.columns))
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

    def _add(self, stored: StoredUtterance, contents: tuple[bytes, ...]) -> None:
        before = [stream.tell() for stream in self._streams]
        try:
            for stream, content in zip(self._streams, (*contents, format_line(stored)), strict=True):
                _write(stream, content)
        except OSError as error:
            # If not even this succeeds: readers skip a line that is not whole, and the next writer cuts it off.
            with suppress(OSError):
                self._cut(*before)
            raise self._refused(error) from error
        self._catalogue.add(stored)

    def _cut(self, *sizes: int) -> None:
        for stream, size in zip(self._streams, sizes, strict=True):
            stream.truncate(size)
            stream.seek(size)

    def _refused(self, error: OSError) -> DatasetError:
        reason = (error.strerror or type(error).__name__).lower()
        return DatasetError(
            f"the store cannot be written: {reason}",
            subject=str(self._catalogue.folder),
            hint="its data stay readable; free disk space and run the same command again to resume",
        )


def _write(stream: FileIO, content: bytes) -> None:
    # An unbuffered write may take a part only, as it does when the disk becomes full on the way.
    view = memoryview(content)
    while view:
        view = view[stream.write(view) :]


def _open_to_write(path: Path) -> FileIO:
    path.touch()
    return path.open("r+b", buffering=0)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
