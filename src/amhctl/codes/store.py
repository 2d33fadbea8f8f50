"""The code store: discrete codes and conditioning features of many utterances on disk. Knows no codec and no text.

Format 2. A store is a folder (``docs/formats.md``, section *Code store*)::

    store.json            format version, the codec's spec, the mel configuration, the speech level, the precision,
                          the speech encoder, the acoustics and the speaker encoder
    index-PART.jsonl      one line per utterance: its record, lengths, offsets and digests; of a copy its variation
    codes-PART.bin        little-endian uint16, each utterance (Q, S) in C order, one after the other
    features-PART.bin     little-endian float16, each utterance (T, F) in C order: log-mel frames
    encoder-PART.bin      the same, (E, W): features of a speech encoder, where one was asked for
    acoustics-PART.bin    the same, (A, B): log-mel frames of a vocoder and, last, the natural logarithm of the pitch, 0
                          where there is none; where acoustics were asked for
    speaker-PART.bin      the same, (1, D): the clip's speaker embedding, beside acoustics
    failed-PART.jsonl     what could not be extracted, and why
    alignment.npz         frames of each text piece, once they have been aligned

PART is ``1-of-1``, or ``i-of-n`` where several processes extract at once, each into files of its own. Files only grow.
An utterance exists from the moment its index line is whole; its data has been handed to the system before. What a
killed process leaves after the last whole line is ignored by readers and cut off by the next writer of that part.
Content has an address: utterances of the same audio point to the same data.

Shapes: ``Q codebooks, S code frames, T feature frames, F features, E encoder frames, W encoder width,
A acoustic frames, B mel bins and pitch, D width of a speaker embedding``.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.alignment import Alignment, read_alignment, write_alignment
from amhctl.codes.catalogue import StoreCatalogue
from amhctl.codes.document import StoreDocument, read_document
from amhctl.codes.index import StoredUtterance, index_file
from amhctl.codes.layout import ACOUSTICS, CODES, ENCODER, FEATURES, SPEAKER, Columns
from amhctl.codes.parts import part_names, read_part
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning
from amhctl.config.mel import MelConfig
from amhctl.core.documents import parse_json
from amhctl.core.errors import DatasetError
from amhctl.core.files import canonical_json

_EXTRACT_ACOUSTICS = "extract into a new store: amhctl codes extract MANIFEST -o STORE --acoustics"


class CodeStore:
    """A store, open for reading; ``codes/writer.py`` writes one.

    Parameters
    ----------
    path : Path
        The folder.
    document : StoreDocument
        What its ``store.json`` says.

    Raises
    ------
    DatasetError
        If an index is damaged.
    """

    def __init__(self, path: Path, document: StoreDocument) -> None:
        self._path = path
        self._document = document
        self._catalogue = StoreCatalogue(path)
        parts = [read_part(self._catalogue, name, document.layout) for name in part_names(path)]
        self._missing = tuple(part.missing for part in parts if part.missing)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a store that exists.

        Raises
        ------
        DatasetError
            If there is no store, it is of another format, or an index is damaged.
        """
        return cls(path, read_document(path))

    @property
    def path(self) -> Path:
        """The folder."""
        return self._path

    @property
    def document(self) -> StoreDocument:
        """What its utterances have in common."""
        return self._document

    @property
    def spec(self) -> CodecSpec:
        """The codec the codes were made with."""
        return self._document.codec

    @property
    def mel(self) -> MelConfig:
        """How the log-mel features were computed."""
        return self._document.mel

    @property
    def conditioning_config(self) -> Conditioning:
        """What the features are that condition a voice: the speech encoder's if the store has them, else log-mel."""
        return self._document.encoder or self._document.mel

    @property
    def level(self) -> float | None:
        """Speech level in dBFS to which audio was brought first; None of old stores that left it as it was."""
        return self._document.level

    @property
    def files(self) -> tuple[Path, ...]:
        """Where its indices and data lie."""
        return tuple(
            file
            for part in part_names(self._path)
            for file in (index_file(self._path, part), *self._document.layout.files(self._path, part))
            if file.exists()
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """When it was opened: of each part the first utterance whose data were not all there, if there was one."""
        return self._missing

    @property
    def ids(self) -> tuple[str, ...]:
        """Every utterance's id, in the order of parts and of writing."""
        return tuple(self._catalogue)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """Every utterance, in the same order and all in memory."""
        return tuple(self)

    def __iter__(self) -> Iterator[StoredUtterance]:
        """Read every utterance, in the same order, one at a time."""
        return self.read(self.ids)

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._catalogue)

    def __contains__(self, utterance: str) -> bool:
        """Return whether an utterance is in the store."""
        return utterance in self._catalogue

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all of ``store.json`` that makes a difference, and each utterance."""
        # That of the canonical JSON of the document and all rows, which need not be in memory together.
        digest = hashlib.sha256(f"[{canonical_json(parse_json(self._document.to_json()))},[".encode())
        comma = ""
        for entry in self.read(sorted(self.ids)):
            record = entry.record
            row = canonical_json([entry.id, record.text, record.speaker, record.split, entry.sha256])
            digest.update(f"{comma}{row}".encode())
            comma = ","
        digest.update(b"]]")
        return digest.hexdigest()

    def read(self, utterances: Iterable[str]) -> Iterator[StoredUtterance]:
        """Read what the index says of some utterances, one at a time; one that is not in the store is an error."""
        return self._catalogue.read(utterances)

    def entry(self, utterance: str) -> StoredUtterance:
        """Return what the index says of an utterance.

        Raises
        ------
        DatasetError
            If it is not in the store.
        """
        (stored,) = self.read((utterance,))
        return stored

    def codes(self, utterance: str) -> NDArray[np.uint16]:
        """Return the codes of an utterance, shape (Q, S)."""
        return self._read(utterance, CODES).astype(np.uint16, copy=False)

    def features(self, utterance: str) -> NDArray[np.float32]:
        """Return the log-mel features of an utterance, shape (T, F)."""
        return self._read(utterance, FEATURES).astype(np.float32)

    def conditioning(self, utterance: str) -> NDArray[np.float32]:
        """Return the features that condition a voice, shape (E, W) if a speech encoder made them, else (T, F)."""
        column = FEATURES if self._document.encoder is None else ENCODER
        return self._read(utterance, column).astype(np.float32)

    def acoustics(self, utterance: str) -> Acoustics:
        """Return the spectrogram and the pitch of an utterance.

        Raises
        ------
        DatasetError
            If it is not in the store, or the store has no acoustics.
        """
        self._require_acoustics()
        return Acoustics.unpack(self._read(utterance, ACOUSTICS))

    def speaker(self, utterance: str) -> NDArray[np.float32]:
        """Return the speaker embedding of an utterance's recording, shape (D,), of unit length within half precision.

        Raises
        ------
        DatasetError
            If it is not in the store, or the store has no speaker embeddings.
        """
        self._require_acoustics()
        return self._read(utterance, SPEAKER).astype(np.float32).reshape(-1)

    def columns(self, utterance: str) -> Columns:
        """Return everything of an utterance as it is on the disk, by column."""
        return {column: self._read(utterance, column) for column in self._document.layout.columns}

    def _require_acoustics(self) -> None:
        if self._document.acoustics is None:
            raise DatasetError("the store has no acoustics", subject=str(self._path), hint=_EXTRACT_ACOUSTICS)

    def is_intact(self, utterance: str) -> bool:
        """Return whether the bytes of an utterance are all there and still have their digest."""
        return self._document.layout.is_intact(self._path, self._catalogue.data(utterance))

    def _read(self, utterance: str, column: int) -> NDArray[np.generic]:
        return self._document.layout.read(self._path, self._catalogue.data(utterance), column)

    def write_alignment(
        self,
        durations: Mapping[str, NDArray[np.uint16]],
        *,
        vocabulary_fingerprint: str,
        text_hash: str,
        acoustic: bool = False,
    ) -> None:
        """Write how many frames each text piece lasts, in place of an earlier alignment.

        Parameters
        ----------
        durations : Mapping[str, NDArray[np.uint16]]
            Frames of each piece, by utterance.
        vocabulary_fingerprint, text_hash : str
            What cut the texts into pieces, and what read them.
        acoustic : bool
            Whether the frames are those of the acoustics; else they are those of the codes.

        Raises
        ------
        DatasetError
            If an utterance is not in the store or its durations do not add up to its frames.
        """
        for id_, frames in durations.items():
            data = self._catalogue.data(id_)
            total, held = int(frames.sum(dtype=np.int64)), data.acoustic_frames if acoustic else data.frames
            if total != held:
                raise DatasetError(f"the durations add up to {total}, not to {held}", subject=id_)
        code_frames = {id_: self._catalogue.data(id_).frames for id_ in durations} if acoustic else None
        alignment = Alignment.of(vocabulary_fingerprint, text_hash, durations, code_frames)
        write_alignment(self._path / "alignment.npz", alignment)

    def alignment(self) -> Alignment | None:
        """Return the alignment, or None if there is none.

        Raises
        ------
        DatasetError
            If the file is damaged.
        """
        file = self._path / "alignment.npz"
        return read_alignment(file) if file.exists() else None
