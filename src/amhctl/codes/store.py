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
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.alignment import Alignment, read_alignment, write_alignment
from amhctl.codes.catalogue import StoreCatalogue
from amhctl.codes.document import StoreDocument, is_store, read_document, require_writable, write_document
from amhctl.codes.index import UNKNOWN_AUDIO, AudioDigest, StoredUtterance, index_file, read_line
from amhctl.codes.layout import ACOUSTICS, CODES, ENCODER, FEATURES, SPEAKER, Columns
from amhctl.codes.parts import PartWriter, hold_part, mend_part, part_names, read_part, require_part
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning, SpeechEncoderConfig
from amhctl.config.mel import MelConfig
from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import DatasetError, DocumentError, FileExistsRefused
from amhctl.core.files import canonical_json, refuse_existing, write_text_atomically
from amhctl.core.units import SPEECH_LEVEL, Precision
from amhctl.corpus.records import Record

__all__ = ["SINGLE_PART", "Alignment", "CodeStore", "StoredUtterance"]

SINGLE_PART = "1-of-1"
_EXTRACT_ACOUSTICS = "extract into a new store: amhctl codes extract MANIFEST -o STORE --acoustics"


class CodeStore:
    """A store, open for reading; the first ``append`` opens one part of it for writing.

    Use ``create`` or ``open``. ``close`` ends writing; a store is also a context manager.
    """

    def __init__(self, path: Path, document: StoreDocument, part: str) -> None:
        self._path = path
        self._document = document
        self._part = part
        self._catalogue = StoreCatalogue(path)
        self._of_audio: dict[str, int] | None = None
        self._distrusted: set[int] = set()
        self._writer: PartWriter | None = None
        self._held: ExitStack | None = None
        parts = [read_part(self._catalogue, name, document.layout) for name in part_names(path)]
        self._missing = tuple(part.missing for part in parts if part.missing)

    @classmethod
    def create(
        cls,
        path: Path,
        spec: CodecSpec,
        mel: MelConfig,
        *,
        level: float | None = SPEECH_LEVEL,
        precision: Precision = "fp32",
        encoder: SpeechEncoderConfig | None = None,
        acoustics: AcousticsConfig | None = None,
        speaker: SpeakerEncoderConfig | None = None,
        part: str = SINGLE_PART,
    ) -> Self:
        """Create an empty store.

        Raises
        ------
        FileExistsRefused
            If there is a store already, or something else: a store's folder holds nothing but the store.
        DatasetError
            If ``part`` is not of the form ``i-of-n``.
        """
        document = StoreDocument.of(spec, mel, level, precision, encoder, acoustics, speaker)
        return cls.begin(path, document, part=part)

    @classmethod
    def begin(cls, path: Path, document: StoreDocument, *, part: str = SINGLE_PART) -> Self:
        """Create an empty store of a document, as ``create`` does."""
        refuse_existing(path / "store.json", force=False)
        if path.exists() and not path.is_dir():
            raise FileExistsRefused(
                "the path of the store is a file, not a folder", subject=str(path), hint="choose another path"
            )
        if path.is_dir() and any(not child.name.startswith(".") for child in path.iterdir()) and not is_store(path):
            raise FileExistsRefused("the folder has other content", subject=str(path), hint="choose another path")
        write_document(path, document)
        return cls(path, document, require_part(part))

    @classmethod
    def open(cls, path: Path, *, part: str = SINGLE_PART, mend: bool = False) -> Self:
        """Open a store that exists.

        Parameters
        ----------
        path : Path
            The folder.
        part : str
            Which part is written, if any is.
        correct : bool
            Hold that part from now on, and give up its utterances whose index lines are damaged, so that they can be
            made again.

        Raises
        ------
        DatasetError
            If there is no store, it is of another format, an index is damaged, or one that cannot be written is to be
            corrected.
        InUseError
            If the part is to be corrected and another process writes it.
        """
        document = read_document(path)
        if not mend:
            return cls(path, document, require_part(part))
        require_writable(path, document)
        with ExitStack() as stack:
            # Held before it is read: what another process is writing now would be unknown later.
            stack.enter_context(hold_part(path, require_part(part)))
            mend_part(path, part, document.layout)
            store = cls(path, document, part)
            store._held = stack.pop_all()
        return store

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """End writing."""
        self.close()

    @property
    def path(self) -> Path:
        """The folder."""
        return self._path

    @property
    def document(self) -> StoreDocument:
        """What its utterances have in common."""
        return self._document

    @property
    def part(self) -> str:
        """The part that is written."""
        return self._part

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

    def append(
        self,
        record: Record,
        codes_QS: NDArray[np.uint16],
        features_TF: NDArray[np.float16] | NDArray[np.float32],
        encoder_EW: NDArray[np.float16] | NDArray[np.float32] | None = None,
        *,
        acoustics_AB: NDArray[np.float16] | NDArray[np.float32] | None = None,
        speaker_D: NDArray[np.float32] | None = None,
        audio: AudioDigest = UNKNOWN_AUDIO,
        replace: bool = False,
    ) -> StoredUtterance:
        """Add an utterance.

        Parameters
        ----------
        record : Record
            Its record; the audio path is absolute or counted from the store.
        codes_QS : NDArray[np.uint16]
            True length only, never padded.
        features_TF : NDArray[np.float16] | NDArray[np.float32]
            Log-mel frames; stored in half precision.
        encoder_EW : NDArray[np.float16] | NDArray[np.float32] | None
            Features of the store's speech encoder, if it has one; stored in half precision.
        acoustics_AB : NDArray[np.float16] | NDArray[np.float32] | None
            Log-mel frames and pitch (``Acoustics.pack``), if the store has acoustics; stored in half precision.
        speaker_D : NDArray[np.float32] | None
            The speaker embedding, if the store has acoustics; stored in half precision.
        audio : AudioDigest
            What it was encoded from.
        replace : bool
            Whether it may replace an utterance of the same id in the part that is written.

        Raises
        ------
        DatasetError
            If the id is in the store already, a shape does not fit, a code is outside the codebook, a feature is not
            finite, or the system refuses to write.
        InUseError
            If another process writes this part.
        """
        given = {
            CODES: codes_QS,
            FEATURES: features_TF,
            ENCODER: encoder_EW,
            ACOUSTICS: acoustics_AB,
            SPEAKER: None if speaker_D is None else speaker_D[None],
        }
        arrays = {column: array for column, array in given.items() if array is not None}
        return self.append_columns(record, arrays, audio=audio, replace=replace)

    def append_columns(
        self, record: Record, arrays: Columns, *, audio: AudioDigest = UNKNOWN_AUDIO, replace: bool = False
    ) -> StoredUtterance:
        """Add an utterance whose arrays stand by their columns, as ``append`` does."""
        writer = self._require_writer()
        fault = self._document.layout.find_fault(arrays)
        if record.id in self and not replace:
            fault = "the utterance is in the store already"
        if fault:
            raise DatasetError(fault, subject=record.id)
        self._require_own_part(record.id)
        return self._take(writer.append(record, arrays, audio))

    def twin(self, samples_digest: str) -> StoredUtterance | None:
        """Return an utterance of the part that is written that was encoded from the same samples, if there is one."""
        line = self._lines_by_audio().get(samples_digest)
        if line is None:
            return None
        with index_file(self._path, self._part).open("rb") as stream:
            stored = read_line(stream, self._part, line)
        return None if stored is None or stored.codes_offset in self._distrusted else stored

    def _lines_by_audio(self) -> dict[str, int]:
        if self._of_audio is None:
            # Who only reads a store never asks for it, so it is made when it is wanted.
            self._of_audio = {}
            for stored in self.read(id_ for id_ in self.ids if self._catalogue.data(id_).part == self._part):
                if stored.audio.samples:
                    self._of_audio.setdefault(stored.audio.samples, stored.line)
        return self._of_audio

    def distrust(self, utterance: str) -> None:
        """Do not give the data of an utterance to others, because they are damaged."""
        data = self._catalogue.data(utterance)
        if data.part == self._part:
            self._distrusted.add(data.codes_offset)

    def point(self, record: Record, to: StoredUtterance, audio: AudioDigest) -> StoredUtterance:
        """Give an utterance the data of another of the same part: nothing is encoded or stored twice.

        Raises
        ------
        DatasetError
            If the utterance is in another part than the one that is written.
        """
        writer = self._require_writer()
        self._require_own_part(record.id)
        return self._take(writer.point(record, to, audio))

    def amend(self, record: Record) -> None:
        """Replace the record of an utterance, such as its text or split; codes and features stay.

        Raises
        ------
        DatasetError
            If the utterance is not in the store, or in a part that this store was not opened to write.
        """
        stored = self.entry(record.id)
        self.point(record, stored, stored.audio)

    def _take(self, stored: StoredUtterance) -> StoredUtterance:
        if self._of_audio is not None and stored.audio.samples:
            self._of_audio[stored.audio.samples] = stored.line
        return stored

    def _require_own_part(self, utterance: str) -> None:
        if utterance in self and (part := self._catalogue.data(utterance).part) != self._part:
            raise DatasetError(
                f"the utterance is in shard {part}, not in {self._part}",
                subject=utterance,
                hint=f"use --shard {part.replace('-of-', '/')}",
            )

    def _require_writer(self) -> PartWriter:
        if self._writer is None:
            require_writable(self._path, self._document)
            if self._held is None:
                held = ExitStack()
                held.enter_context(hold_part(self._path, self._part))
                self._held = held
            self._writer = PartWriter(self._catalogue, self._part, self._document.layout)
        return self._writer

    def sync(self) -> None:
        """Have the system write what was appended to the disk itself: after this, not even a power cut loses it."""
        if self._writer is not None:
            self._writer.sync()

    def close(self) -> None:
        """Write everything to the disk and end writing; reading continues."""
        writer, held, self._writer, self._held = self._writer, self._held, None, None
        try:
            if writer is not None:
                writer.close()
        finally:
            if held is not None:
                held.close()

    def write_failures(self, failures: Mapping[str, str]) -> None:
        """Replace the list of what could not be extracted into this part: reason by id."""
        rows = [json.dumps({"id": id_, "reason": why}, ensure_ascii=False) + "\n" for id_, why in failures.items()]
        write_text_atomically(self._path / f"failed-{self._part}.jsonl", "".join(rows))

    def failures(self) -> dict[str, str]:
        """Return what could not be extracted into any part: reason by id.

        Raises
        ------
        DatasetError
            If a line of a list does not say an id and a reason.
        """
        found: dict[str, str] = {}
        for file in sorted(self._path.glob("failed-*.jsonl")):
            with file.open("rb") as stream:
                for number, row in enumerate(limited_lines(stream), start=1):
                    id_, reason = _parse_failure(row, f"{file}:{number}")
                    found[id_] = reason
        return found

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


def _parse_failure(row: bytes | None, subject: str) -> tuple[str, str]:
    """Return the id and the reason that a line of a list of failures says."""
    try:
        value = None if row is None else parse_json(row)
    except DocumentError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("id", "reason")):
        raise DatasetError(
            "the line does not name a failed utterance and the reason",
            subject=subject,
            hint="delete the file: codes extract writes it again",
        )
    return value["id"], value["reason"]
