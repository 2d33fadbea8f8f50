"""Where the data of a code store's utterance lie: which files a part has, and which of their bytes are whose.

Knows no index and writes nothing. The columns of a store are codes, log-mel features, where a speech encoder was asked
for its features, and where acoustics were asked for those and a speaker embedding; each is a file of its own, in which
utterances lie one after the other.

Shapes: ``Q codebooks, S code frames, T feature frames, F features, E encoder frames, W encoder width,
A acoustic frames, B mel bins and pitch, D width of a speaker embedding``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.codes.index import StoredData
from amhctl.core.errors import DatasetError

CODE = np.dtype("<u2")
FEATURE = np.dtype("<f2")

CODES, FEATURES, ENCODER, ACOUSTICS, SPEAKER = range(5)
"""The columns."""

Columns = Mapping[int, NDArray[np.generic]]
"""An utterance's arrays by column."""

_NAMES = ("codes", "features", "encoder", "acoustics", "speaker")
_WHATS = ("codes", "features", "encoder's features", "acoustics", "speaker embeddings")
_TYPES = (CODE, FEATURE, FEATURE, FEATURE, FEATURE)


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
    acoustic_width : int
        Width B of the acoustics, mel bins and the pitch; 0 if the store has none.
    speaker_width : int
        Width D of a speaker embedding; 0 if the store has none.
    """

    codebooks: int
    codebook_size: int
    bins: int
    encoder_width: int = 0
    acoustic_width: int = 0
    speaker_width: int = 0

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that the store has."""
        widths = {ENCODER: self.encoder_width, ACOUSTICS: self.acoustic_width, SPEAKER: self.speaker_width}
        return (CODES, FEATURES, *(column for column, width in widths.items() if width))

    def files(self, folder: Path, part: str) -> tuple[Path, ...]:
        """Return where each column of a part lies."""
        return tuple(folder / f"{_NAMES[column]}-{part}.bin" for column in self.columns)

    def offsets(self, stored: StoredData) -> tuple[int, ...]:
        """Return where in each file the utterance begins."""
        return tuple(self._offset(stored, column) for column in self.columns)

    def shapes(self, stored: StoredData) -> tuple[tuple[int, int], ...]:
        """Return the shapes (Q, S), (T, F) and, of such columns as there are, (E, W), (A, B) and (1, D)."""
        return tuple(self._shape(stored, column) for column in self.columns)

    def _offset(self, stored: StoredData, column: int) -> int:
        return (
            stored.codes_offset,
            stored.features_offset,
            stored.encoder_offset,
            stored.acoustics_offset,
            stored.speaker_offset,
        )[column]

    def _shape(self, stored: StoredData, column: int) -> tuple[int, int]:
        return (
            (self.codebooks, stored.frames),
            (stored.feature_frames, self.bins),
            (stored.encoder_frames, self.encoder_width),
            (stored.acoustic_frames, self.acoustic_width),
            (1, self.speaker_width),
        )[column]

    def ends(self, stored: StoredData) -> tuple[int, ...]:
        """Return where in each file the utterance ends."""
        return tuple(
            offset + rows * columns * FEATURE.itemsize
            for offset, (rows, columns) in zip(self.offsets(stored), self.shapes(stored), strict=True)
        )

    def find_fault(self, arrays: Columns) -> str:
        """Return why some columns' arrays cannot be those of an utterance; empty if they can."""
        if sorted(arrays) != list(self.columns):
            given, wanted = (", ".join(_WHATS[column] for column in some) for some in (sorted(arrays), self.columns))
            return f"{given} are given, expected {wanted}"
        codes_QS = arrays[CODES]
        if codes_QS.ndim != 2 or codes_QS.shape[0] != self.codebooks or codes_QS.shape[1] == 0:
            return f"the codes have shape {codes_QS.shape}, not ({self.codebooks}, frames)"
        if codes_QS.dtype != np.uint16 or int(codes_QS.max()) >= self.codebook_size:
            return f"the codes are not uint16 below {self.codebook_size}"
        widths = (0, self.bins, self.encoder_width, self.acoustic_width, self.speaker_width)
        for column in self.columns[FEATURES:]:
            what, width, features = _WHATS[column], widths[column], arrays[column]
            has_rows = features.ndim == 2 and (features.shape[0] == 1 if column == SPEAKER else features.shape[0] > 0)
            if not has_rows or features.shape[1] != width:
                rows = "1" if column == SPEAKER else "frames"
                return f"the {what} have shape {features.shape}, not ({rows}, {width})"
            with np.errstate(over="ignore"):
                stored = np.asarray(features, dtype=FEATURE)
            if not np.isfinite(stored).all():
                return f"the {what} are not finite in half precision"
        return ""

    def encode(self, arrays: Columns) -> tuple[bytes, ...]:
        """Return the bytes of an utterance's arrays, column after column."""
        return tuple(np.ascontiguousarray(arrays[column], dtype=_TYPES[column]).tobytes() for column in self.columns)

    def read(self, folder: Path, stored: StoredData, column: int) -> NDArray[np.generic]:
        """Return one column of an utterance.

        Raises
        ------
        DatasetError
            If the file is shorter than the index says, or a code is outside the codebook.
        """
        file = folder / f"{_NAMES[column]}-{stored.part}.bin"
        (rows, width), offset = self._shape(stored, column), self._offset(stored, column)
        # Opened again each time: the store can then be used by many processes, and a growing file needs no remapping.
        flat = np.fromfile(file, _TYPES[column], rows * width, offset=offset)
        if flat.size != rows * width:
            raise DatasetError("the file is shorter than the index says", subject=str(file))
        # The data may change after they were compared with their digests: what indexes a table is looked at each time.
        if column == CODES and flat.size and int(flat.max()) >= self.codebook_size:
            raise DatasetError(
                f"code {int(flat.max())} lies outside the codebook of {self.codebook_size}",
                subject=f"{file}, byte {offset}",
                hint="the data are damaged: run `amhctl codes verify` on the store",
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
