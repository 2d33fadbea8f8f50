"""Durations of a store's text pieces, and the file they lie in. Knows no codes.

``alignment.npz`` holds plain arrays, read without pickle: ``ids`` (UTF-8 bytes, one id a line), ``pieces`` (how many
each utterance has), ``durations`` (uint16 frames, one utterance after the other), ``vocabulary_fingerprint`` and
``text_hash`` (strings).
"""

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import DatasetError
from amhctl.core.files import atomic_path

_DURATION = np.dtype("<u2")


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How many frames each text piece of an utterance lasts.

    Attributes
    ----------
    vocabulary_fingerprint : str
        The vocabulary that cut the texts into pieces.
    text_hash : str
        Hash of the text state that read the texts.
    """

    vocabulary_fingerprint: str
    text_hash: str
    _durations: Mapping[str, NDArray[np.uint16]]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the aligned utterances."""
        return tuple(self._durations)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what it was made with and every duration."""
        digest = hashlib.sha256(f"{self.vocabulary_fingerprint}\n{self.text_hash}".encode())
        for utterance in sorted(self._durations):
            frames = np.asarray(self._durations[utterance], dtype=_DURATION)
            digest.update(f"\n{utterance} {frames.size} ".encode())
            digest.update(frames.tobytes())
        return digest.hexdigest()

    def __contains__(self, utterance: str) -> bool:
        """Return whether an utterance has been aligned."""
        return utterance in self._durations

    def durations(self, utterance: str) -> NDArray[np.uint16]:
        """Return the frames of each piece of an utterance, shape (pieces,).

        Raises
        ------
        DatasetError
            If the utterance has not been aligned.
        """
        try:
            return self._durations[utterance]
        except KeyError:
            raise DatasetError(
                "the utterance has no durations", subject=utterance, hint="run: amhctl codes align"
            ) from None


def write_alignment(path: Path, alignment: Alignment) -> None:
    """Write an alignment, whole or not at all."""
    arrays = [np.asarray(alignment.durations(utterance), dtype=_DURATION) for utterance in alignment.ids]
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            ids=np.frombuffer("\n".join(alignment.ids).encode("utf-8"), dtype=np.uint8),
            pieces=np.array([frames.size for frames in arrays], dtype=np.uint32),
            durations=np.concatenate(arrays) if arrays else np.zeros(0, dtype=_DURATION),
            vocabulary_fingerprint=np.array(alignment.vocabulary_fingerprint),
            text_hash=np.array(alignment.text_hash),
        )


def read_alignment(path: Path) -> Alignment:
    """Read an alignment.

    Raises
    ------
    DatasetError
        If the file is missing or damaged.
    """
    try:
        arrays = _read_arrays(path)
        text = arrays["ids"].tobytes().decode("utf-8")
        ids = text.split("\n") if text else []
        ends = np.cumsum(arrays["pieces"], dtype=np.int64)
        if arrays["durations"].shape != (ends[-1] if ids else 0,):
            raise ValueError("the pieces are not as many as the durations")
        pieces = np.split(arrays["durations"].astype(np.uint16), ends[:-1]) if ids else []
        return Alignment(
            str(arrays["vocabulary_fingerprint"]),
            str(arrays["text_hash"]),
            dict(zip(ids, pieces, strict=True)),
        )
    except (LookupError, ValueError, TypeError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"the alignment is damaged: {error}", subject=str(path), hint="run again: amhctl codes align"
        ) from error


def _read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an ``.npz`` file in no more memory than the file takes.

    A member that is compressed could unpack to a thousand times its size, and numpy makes room for whatever shape an
    array declares before it reads a byte of it.
    """
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise ValueError(f"{member.filename} is compressed, or longer than the file")
            content = archive.read(member)
            stream = io.BytesIO(content)
            version = np.lib.format.read_magic(stream)
            reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = reader(stream)
            if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
                raise ValueError(f"{member.filename} is not as long as it declares")
            stream.seek(0)
            arrays[member.filename.removesuffix(".npy")] = np.lib.format.read_array(stream, allow_pickle=False)
    return arrays
