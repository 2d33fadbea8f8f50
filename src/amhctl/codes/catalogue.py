"""Which utterances a code store holds and where their data lie. Knows no data and writes nothing.

A store may hold millions. Of each, its id and a few packed numbers are in memory; its record and the digests of its
audio stay in its index line, which is read again when someone asks for them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from struct import Struct

from amhctl.codes.index import StoredData, StoredUtterance, index_file, read_line
from amhctl.core.errors import DatasetError

# The part and the digest, two texts, follow all the numbers.
_PACKED = tuple(field.name for field in fields(StoredData) if field.name not in ("part", "sha256"))
_NUMBERS = Struct(f"<{len(_PACKED)}q")
_numbers_of = attrgetter(*_PACKED)


@dataclass(frozen=True, slots=True, eq=False)
class StoreCatalogue:
    """Where each utterance of a store lies, by id, in the order of parts and of writing.

    Attributes
    ----------
    folder : Path
        The store.
    """

    folder: Path
    _packed: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._packed)

    def __contains__(self, utterance: str) -> bool:
        """Return whether it has an utterance."""
        return utterance in self._packed

    def __iter__(self) -> Iterator[str]:
        """Return the ids."""
        return iter(self._packed)

    def add(self, stored: StoredUtterance) -> bool:
        """Take in what an index line says; return whether it counts.

        Within a part a later line amends the record, or points to newer data. Parts of job arrays of different sizes
        may overlap: the first to hold an utterance keeps it.
        """
        if stored.id in self and self.data(stored.id).part != stored.part:
            return False
        self._packed[stored.id] = _pack(stored)
        return True

    def data(self, utterance: str) -> StoredData:
        """Return where the data of an utterance lie.

        Raises
        ------
        DatasetError
            If it is not in the store.
        """
        try:
            return _unpack(self._packed[utterance])
        except KeyError:
            raise DatasetError(f"the store has no utterance {utterance!r}", subject=str(self.folder)) from None

    def read(self, ids: Iterable[str]) -> Iterator[StoredUtterance]:
        """Read what the index says of some utterances, one at a time.

        Raises
        ------
        DatasetError
            If one is not in the store, or the index has been replaced by another since.
        """
        # An index stays open while the lines that are wanted stand in it.
        located = ((utterance, self.data(utterance)) for utterance in ids)
        for part, wanted in groupby(located, key=lambda pair: pair[1].part):
            with index_file(self.folder, part).open("rb") as index:
                for utterance, data in wanted:
                    stored = read_line(index, part, data.line)
                    if stored is None or stored.id != utterance:
                        raise DatasetError(
                            "the index was replaced while it was open",
                            subject=index.name,
                            hint="run the command again",
                        )
                    yield stored


def _pack(data: StoredData) -> bytes:
    numbers = _NUMBERS.pack(*_numbers_of(data))
    # A part is the middle of a file's name, in which no slash can be.
    return numbers + f"{data.part}/{data.sha256}".encode()


def _unpack(packed: bytes) -> StoredData:
    numbers = dict(zip(_PACKED, _NUMBERS.unpack_from(packed), strict=True))
    part, _, sha256 = packed[_NUMBERS.size :].decode().partition("/")
    return StoredData(part=part, sha256=sha256, **numbers)
