"""Durations of a store's text pieces, and the file they are in. Knows no codes.

``alignment.npz`` holds plain arrays, read without pickle: ``ids`` (UTF-8 bytes, one id per line), ``pieces`` (how many
each utterance has), ``durations`` (uint16 code frames, one utterance after the other), ``vocabulary_fingerprint`` and
``text_hash`` (strings). Of a store with acoustics it has ``acoustic_durations`` instead (uint16 acoustic frames) and
``code_frames`` (uint32, how many each utterance has), from which durations in code frames follow.
"""

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import DatasetError
from amhctl.core.files import atomic_path

_DURATION = np.dtype("<u2")


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How many frames each text piece of an utterance lasts; made by ``Alignment.of``.

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
    _acoustic: Mapping[str, NDArray[np.uint16]] | None = None

    @classmethod
    def of(
        cls,
        vocabulary_fingerprint: str,
        text_hash: str,
        durations: Mapping[str, NDArray[np.uint16]],
        code_frames: Mapping[str, int] | None = None,
    ) -> Self:
        """Return an alignment.

        Parameters
        ----------
        vocabulary_fingerprint, text_hash : str
            What it was made with.
        durations : Mapping[str, NDArray[np.uint16]]
            Frames of each piece, by utterance: of the acoustics if ``code_frames`` is given, else of the codes.
        code_frames : Mapping[str, int] | None
            How many frames of codes each utterance has, to which the acoustic durations are rounded.
        """
        if code_frames is None:
            return cls(vocabulary_fingerprint, text_hash, dict(durations))
        rounded = {id_: round_durations(frames, code_frames[id_]) for id_, frames in durations.items()}
        return cls(vocabulary_fingerprint, text_hash, rounded, dict(durations))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the aligned utterances."""
        return tuple(self._durations)

    @property
    def is_acoustic(self) -> bool:
        """Whether it was made on acoustic frames; durations in frames of codes are then rounded ones."""
        return self._acoustic is not None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what it was made with and every duration."""
        digest = hashlib.sha256(f"{self.vocabulary_fingerprint}\n{self.text_hash}".encode())
        for durations in (self._durations, self._acoustic or {}):
            for utterance in sorted(durations):
                frames = np.asarray(durations[utterance], dtype=_DURATION)
                digest.update(f"\n{utterance} {frames.size} ".encode())
                digest.update(frames.tobytes())
        return digest.hexdigest()

    def __contains__(self, utterance: str) -> bool:
        """Return whether an utterance has been aligned."""
        return utterance in self._durations

    def durations(self, utterance: str) -> NDArray[np.uint16]:
        """Return the code frames of each piece of an utterance, shape (pieces,).

        Raises
        ------
        DatasetError
            If the utterance has not been aligned.
        """
        return _of(self._durations, utterance)

    def measured(self, utterance: str) -> NDArray[np.uint16]:
        """Return the durations of an utterance in the frames that the alignment was made on.

        Raises
        ------
        DatasetError
            If the utterance has not been aligned.
        """
        return _of(self._durations if self._acoustic is None else self._acoustic, utterance)

    def acoustic_durations(self, utterance: str) -> NDArray[np.uint16]:
        """Return the acoustic frames of each piece of an utterance, shape (pieces,).

        Raises
        ------
        DatasetError
            If the utterance has not been aligned, or the alignment was made on a store without acoustics.
        """
        if self._acoustic is None:
            raise DatasetError(
                "the alignment has no durations in acoustic frames",
                subject=utterance,
                hint="run amhctl codes align on a store that was extracted with --acoustics",
            )
        return _of(self._acoustic, utterance)


def join_alignments(found: Sequence[Alignment | None]) -> Alignment | None:
    """Return one alignment of all, or None if one is missing, or of another vocabulary, text state or kind of frame."""
    alignments = [alignment for alignment in found if alignment is not None]
    origins = {(one.vocabulary_fingerprint, one.text_hash, one.is_acoustic) for one in alignments}
    if len(alignments) < len(found) or len(origins) != 1:
        return None
    ((vocabulary, text_hash, is_acoustic),) = origins
    measured = {id_: one.measured(id_) for one in alignments for id_ in one.ids}
    frames = {id_: int(one.durations(id_).sum(dtype=np.int64)) for one in alignments for id_ in one.ids}
    return Alignment.of(vocabulary, text_hash, measured, frames if is_acoustic else None)


def _of(durations: Mapping[str, NDArray[np.uint16]], utterance: str) -> NDArray[np.uint16]:
    try:
        return durations[utterance]
    except KeyError:
        raise DatasetError(
            "the utterance has no durations", subject=utterance, hint="run: amhctl codes align"
        ) from None


def round_durations(durations_T: NDArray[np.integer], frames: int) -> NDArray[np.uint16]:
    """Return durations over other frames that take the same time: ends are rounded, and a piece may have none."""
    ends_T = np.cumsum(durations_T, dtype=np.int64)
    rounded_T = np.floor(ends_T * (frames / ends_T[-1]) + 0.5).astype(np.int64)
    rounded_T[-1] = frames
    over_T: NDArray[np.uint16] = np.diff(rounded_T, prepend=0).astype(np.uint16)
    return over_T


def write_alignment(path: Path, alignment: Alignment) -> None:
    """Write an alignment, whole or not at all."""
    arrays = [np.asarray(alignment.measured(utterance), dtype=_DURATION) for utterance in alignment.ids]
    joined = np.concatenate(arrays) if arrays else np.zeros(0, dtype=_DURATION)
    frames = [alignment.durations(utterance).sum(dtype=np.int64) for utterance in alignment.ids]
    acoustic = {"acoustic_durations": joined, "code_frames": np.array(frames, dtype=np.uint32)}
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            ids=np.frombuffer("\n".join(alignment.ids).encode("utf-8"), dtype=np.uint8),
            pieces=np.array([frames.size for frames in arrays], dtype=np.uint32),
            vocabulary_fingerprint=np.array(alignment.vocabulary_fingerprint),
            text_hash=np.array(alignment.text_hash),
            **(acoustic if alignment.is_acoustic else {"durations": joined}),
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
        is_acoustic = "acoustic_durations" in arrays
        joined = arrays["acoustic_durations" if is_acoustic else "durations"].astype(np.uint16)
        if joined.shape != (ends[-1] if ids else 0,):
            raise ValueError("the numbers of pieces and durations differ")
        durations = dict(zip(ids, np.split(joined, ends[:-1]) if ids else [], strict=True))
        code_frames = dict(zip(ids, arrays["code_frames"].tolist(), strict=True)) if is_acoustic else None
        if is_acoustic and any(not frames.any() for frames in durations.values()):
            raise ValueError("an utterance has no frames")
        return Alignment.of(str(arrays["vocabulary_fingerprint"]), str(arrays["text_hash"]), durations, code_frames)
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
