"""Where the data of a code store's utterance lie: which files a part has, and which of their bytes are whose.

Knows no index and writes nothing. The columns of a store are codes, log-mel features and, where a speech encoder was
asked for, its features; each is a file of its own, in which utterances lie one after the other.

Shapes: ``Q codebooks, S code frames, T feature frames, F features, E encoder frames, W encoder width``.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import DatasetError
from amhctl.data.storeindex import StoredData

CODE = np.dtype("<u2")
FEATURE = np.dtype("<f2")

CODES, FEATURES, ENCODER = range(3)
"""The columns."""

_NAMES = ("codes", "features", "encoder")
_TYPES = (CODE, FEATURE, FEATURE)


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of what a store holds of each utterance.

    Attributes
    ----------
    codebooks : int
        Rows Q of the codes.
    codebook_size : int
        Every code is less.
    bins : int
        Width F of the log-mel features.
    encoder_width : int
        Width W of the speech encoder's features; 0 if the store has none.
    """

    codebooks: int
    codebook_size: int
    bins: int
    encoder_width: int = 0

    @property
    def columns(self) -> range:
        """The columns that the store has."""
        return range(3 if self.encoder_width else 2)

    def files(self, folder: Path, part: str) -> tuple[Path, ...]:
        """Return where each column of a part lies."""
        return tuple(folder / f"{_NAMES[column]}-{part}.bin" for column in self.columns)

    def offsets(self, stored: StoredData) -> tuple[int, ...]:
        """Return where in each file the utterance begins."""
        return (stored.codes_offset, stored.features_offset, stored.encoder_offset)[: len(self.columns)]

    def shapes(self, stored: StoredData) -> tuple[tuple[int, int], ...]:
        """Return the shapes (Q, S), (T, F) and, if there is such a column, (E, W)."""
        return (
            (self.codebooks, stored.frames),
            (stored.feature_frames, self.bins),
            (stored.encoder_frames, self.encoder_width),
        )[: len(self.columns)]

    def ends(self, stored: StoredData) -> tuple[int, ...]:
        """Return where in each file the utterance ends."""
        return tuple(
            offset + rows * columns * FEATURE.itemsize
            for offset, (rows, columns) in zip(self.offsets(stored), self.shapes(stored), strict=True)
        )

    def find_fault(self, arrays: tuple[NDArray[np.generic], ...]) -> str:
        """Return why arrays, one for each column, cannot be those of an utterance; empty if they can."""
        codes_QS = arrays[CODES]
        if len(arrays) != len(self.columns):
            return f"{len(arrays)} arrays are given for {len(self.columns)} columns"
        if codes_QS.ndim != 2 or codes_QS.shape[0] != self.codebooks or codes_QS.shape[1] == 0:
            return f"the codes have shape {codes_QS.shape}, not ({self.codebooks}, frames)"
        if codes_QS.dtype != np.uint16 or int(codes_QS.max()) >= self.codebook_size:
            return f"the codes are not uint16 below {self.codebook_size}"
        widths = (self.bins, self.encoder_width)
        for name, width, features in zip(("features", "encoder's features"), widths, arrays[FEATURES:], strict=False):
            if features.ndim != 2 or features.shape[1] != width or features.shape[0] == 0:
                return f"the {name} have shape {features.shape}, not (frames, {width})"
            with np.errstate(over="ignore"):
                stored = np.asarray(features, dtype=FEATURE)
            if not np.isfinite(stored).all():
                return f"the {name} are not finite in half precision"
        return ""

    def encode(self, arrays: tuple[NDArray[np.generic], ...]) -> tuple[bytes, ...]:
        """Return the bytes of an utterance's arrays."""
        return tuple(
            np.ascontiguousarray(array, dtype=_TYPES[column]).tobytes()
            for column, array in zip(self.columns, arrays, strict=True)
        )

    def read(self, folder: Path, stored: StoredData, column: int) -> NDArray[np.generic]:
        """Return one column of an utterance.

        Raises
        ------
        DatasetError
            If the file is shorter than the index says, or a code lies outside the codebook.
        """
        file = folder / f"{_NAMES[column]}-{stored.part}.bin"
        rows, width = self.shapes(stored)[column]
        # Opened anew each time: the store can then be used by many processes, and a growing file needs no remapping.
        flat = np.fromfile(file, _TYPES[column], rows * width, offset=self.offsets(stored)[column])
        if flat.size != rows * width:
            raise DatasetError("the file is shorter than the index says", subject=str(file))
        # The data may change after they were compared with their digests: what indexes a table is looked at each time.
        if column == CODES and flat.size and int(flat.max()) >= self.codebook_size:
            raise DatasetError(
                f"code {int(flat.max())} lies outside the codebook of {self.codebook_size}",
                subject=f"{file}, byte {self.offsets(stored)[column]}",
                hint="run `amhctl codes verify` on the store: its data are damaged",
            )
        return flat.reshape(rows, width)

    def is_intact(self, folder: Path, stored: StoredData) -> bool:
        """Return whether the bytes of an utterance are all there and still have their digest."""
        try:
            contents = [self.read(folder, stored, column).tobytes() for column in self.columns]
        except DatasetError:
            return False
        return digest(*contents) == stored.sha256


def digest(*contents: bytes) -> str:
    """Return the SHA-256 of an utterance's bytes, column after column."""
    total = hashlib.sha256()
    for content in contents:
        total.update(content)
    return total.hexdigest()
