"""The cepstra of a whole corpus in one file, utterance after utterance, so that memory does not follow its length.

Only cepstra are in the file, 4 bytes each; their slopes are made when an utterance is read.

Shapes: ``S frames, F mel bins, K cepstra, C = 2 K cepstra and slopes``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

Features = NDArray[np.float32]
_FLOAT = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class CepstraFile:
    """Where the cepstra of each utterance lie.

    Attributes
    ----------
    path : Path
        The file.
    coefficients : int
        Cepstra a frame, K.
    begins : NDArray[np.int64]
        First frame of each utterance, and after the last one the number of all frames; shape (utterances + 1,).
    """

    path: Path
    coefficients: int
    begins: NDArray[np.int64]

    @property
    def frames(self) -> int:
        """Frames of all utterances."""
        return int(self.begins[-1])

    def read(self, utterances: Sequence[int]) -> list[Features]:
        """Return cepstra and slopes of some utterances, each of shape (S, C)."""
        read = []
        with self.path.open("rb") as stream:
            for place in utterances:
                begin, end = int(self.begins[place]), int(self.begins[place + 1])
                stream.seek(begin * self.coefficients * _FLOAT.itemsize)
                flat = np.fromfile(stream, _FLOAT, (end - begin) * self.coefficients)
                read.append(_with_slopes(flat.reshape(-1, self.coefficients)))
        return read


def write_cepstra(
    path: Path, mels: Sequence[Callable[[], Features]], *, coefficients: int, done: Callable[[], None]
) -> CepstraFile:
    """Write the cepstra of utterances to a file, one utterance in memory at a time.

    Parameters
    ----------
    path : Path
        The file to write.
    mels : Sequence[Callable[[], Features]]
        Read the log-mel frames of each utterance, shape (S, F).
    coefficients : int
        Cepstra to keep, the first of each frame; all, where there are fewer.
    done : Callable[[], None]
        Called after each utterance.
    """
    counts, kept = [0], coefficients
    with path.open("wb") as stream:
        for read in mels:
            cepstra = _cepstra(read(), coefficients)
            cepstra.astype(_FLOAT).tofile(stream)
            counts.append(len(cepstra))
            kept = cepstra.shape[1]
            done()
    return CepstraFile(path, kept, np.cumsum(counts))


def _cepstra(mel_SF: Features, coefficients: int) -> Features:
    """Return cepstra without the recording's own level and colour, shape (S, K)."""
    cepstra: NDArray[np.float64] = dct(mel_SF.astype(np.float64), axis=1, norm="ortho")[:, :coefficients]
    cepstra -= cepstra.mean(axis=0)
    return cepstra.astype(np.float32)


def _with_slopes(cepstra_SK: Features) -> Features:
    both = np.zeros((len(cepstra_SK), 2 * cepstra_SK.shape[1]), dtype=np.float32)
    both[:, : cepstra_SK.shape[1]] = cepstra_SK
    both[1:-1, cepstra_SK.shape[1] :] = (cepstra_SK[2:] - cepstra_SK[:-2]) / 2.0
    return both
