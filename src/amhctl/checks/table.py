"""What a check keeps of every record, in columns: a million lines fit in memory. Knows no files and no findings.

Texts are kept as 64-bit digests (BLAKE2b, RFC 7693): among a million texts two different ones share one with a
probability of 3 in 100 million. Splits are numbers: 0 for none, then ``splits.SPLITS`` from 1 on.
"""

import hashlib
from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amhctl.checks.measurements import Measurements
from amhctl.corpus.records import Record
from amhctl.corpus.split_groups import text_key
from amhctl.corpus.splits import SPLITS
from amhctl.text.script import build_homophones

Digests = NDArray[np.uint64]
Rows = NDArray[np.int64]

NO_TEXT = 0
"""The digest of a text without a letter."""
_FOLD = str.maketrans(build_homophones())
_FEWEST_WORDS = 8
_SPLIT_NUMBERS: dict[str, int] = {"": 0, **{split: number for number, split in enumerate(SPLITS, start=1)}}


class Names:
    """Names that recur, each held once and known by its number, in the order in which they came."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._column = array("L")

    def add(self, name: str) -> None:
        """Append a name to the column."""
        self._column.append(self.numbers.setdefault(name, len(self.numbers)))

    @property
    def column(self) -> Rows:
        """The number of each row's name."""
        return np.asarray(self._column, dtype=np.int64)

    def __iter__(self) -> Iterator[str]:
        """Return the names, each once."""
        return iter(self.numbers)

    def __len__(self) -> int:
        """Return how many different names there are."""
        return len(self.numbers)


class CheckTable:
    """The checked records, row by row.

    Attributes
    ----------
    ids : list[str]
        Names of the records.
    measurements : list[Measurements | None]
        Of their recordings; None where one was not read.
    speakers, sessions : Names
        A session is one of its speaker: its name has both, with a line break between.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.measurements: list[Measurements | None] = []
        self.speakers = Names()
        self.sessions = Names()
        self._lines = array("L")
        self._splits = array("B")
        self._syllables = array("L")
        self._keys = array("Q")
        self._folded = array("Q")
        self._neighbours = array("Q")
        self._owners = array("L")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    def add(self, line: int, record: Record, measurements: Measurements | None, syllables: int) -> None:
        """Append what is kept of a record that is in some line of its manifest."""
        row = len(self.ids)
        self.ids.append(record.id)
        self.measurements.append(measurements)
        self.speakers.add(record.speaker)
        self.sessions.add(f"{record.speaker}\n{record.session}" if record.session else "")
        self._lines.append(line)
        self._splits.append(_SPLIT_NUMBERS[record.split])
        self._syllables.append(syllables)
        key = text_key(record.text)
        words = key.translate(_FOLD).split()
        folded = "".join(words)
        self._keys.append(_digest(key))
        self._folded.append(_digest(folded))
        if record.split and len(words) >= _FEWEST_WORDS:
            # Two texts that differ in one word share a text without it: a deletion neighbourhood (SymSpell, 2012).
            for place in range(len(words)):
                self._neighbours.append(_digest("".join([*words[:place], "*", *words[place + 1 :]])))
                self._owners.append(row)

    @property
    def lines(self) -> Rows:
        """Line of each record in the manifest."""
        return np.asarray(self._lines, dtype=np.int64)

    @property
    def splits(self) -> NDArray[np.uint8]:
        """Number of each record's split."""
        return np.asarray(self._splits, dtype=np.uint8)

    @property
    def syllables(self) -> Rows:
        """Syllables of each text when spoken."""
        return np.asarray(self._syllables, dtype=np.int64)

    @property
    def texts(self) -> Digests:
        """Digest of each text's key, ``NO_TEXT`` where it has no letter."""
        return np.asarray(self._keys, dtype=np.uint64)

    @property
    def folded_texts(self) -> Digests:
        """Digest of each text without spaces, letters of one sound folded; ``NO_TEXT`` where it has no letter."""
        return np.asarray(self._folded, dtype=np.uint64)

    @property
    def neighbours(self) -> tuple[Digests, Rows]:
        """Digests of long texts of a split without each of their words, and the rows of those texts."""
        return np.asarray(self._neighbours, dtype=np.uint64), np.asarray(self._owners, dtype=np.uint64).view(np.int64)

    def rate(self, row: int, *, uncounted: float = 0.0) -> float | None:
        """Return the syllables per second of a row's speech, some seconds of it aside; None where either is unknown."""
        measured, syllables = self.measurements[row], self._syllables[row]
        if measured is None or syllables == 0 or measured.speech_seconds <= uncounted:
            return None
        return syllables / (measured.speech_seconds - uncounted)


def split_name(number: int) -> str:
    """Return the name of a split by its number."""
    return SPLITS[number - 1] if number else ""


def first_rows(*keys: NDArray[np.integer]) -> Rows:
    """Return for each row the first row that has the same keys.

    >>> first_rows(np.array([7, 3, 7, 3, 5])).tolist()
    [0, 1, 0, 1, 4]
    """
    order = np.lexsort(keys)
    changes = np.zeros(order.size, dtype=bool)
    changes[:1] = True
    for key in keys:
        ordered = key[order]
        changes[1:] |= ordered[1:] != ordered[:-1]
    # The sort is stable: within a group the first in the order is the first of all.
    firsts = order[np.flatnonzero(changes)]
    rows = np.empty(order.size, dtype=np.int64)
    rows[order] = firsts[np.cumsum(changes) - 1]
    return rows


def digest_names(names: list[str]) -> Digests:
    """Return the 64-bit digest of each name."""
    return np.fromiter(map(_digest, names), dtype=np.uint64, count=len(names))


def _digest(text: str) -> int:
    if not text:
        return NO_TEXT
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
