"""Writing a code store: utterances are appended to one part of it. Computes neither codes nor features.

Several processes may write one store at once, each a part of its own; what a part holds is read again when it is held.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amhctl.codes.document import StoreDocument, is_store, read_document, write_document
from amhctl.codes.failures import write_failures
from amhctl.codes.index import UNKNOWN_AUDIO, AudioDigest, StoredUtterance, index_file, read_line
from amhctl.codes.layout import ACOUSTICS, CODES, ENCODER, FEATURES, SPEAKER, Columns
from amhctl.codes.parts import PartWriter, hold_part, repair_part, require_part
from amhctl.codes.store import CodeStore
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.config.mel import MelConfig
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.files import refuse_existing
from amhctl.core.units import SPEECH_LEVEL, Precision
from amhctl.corpus.records import Record

SINGLE_PART = "1-of-1"


class StoreWriter(CodeStore):
    """A store of which one part is written: from the first ``append`` on, by this process alone.

    Use ``create``, ``begin`` or ``open``. ``close`` ends writing; a writer is also a context manager.

    Parameters
    ----------
    path : Path
        The folder.
    document : StoreDocument
        What its ``store.json`` says.
    part : str
        Which part is written, ``i-of-n``.

    Raises
    ------
    DatasetError
        If an index is damaged, or the name is not of that form.
    """

    def __init__(self, path: Path, document: StoreDocument, part: str = SINGLE_PART) -> None:
        super().__init__(path, document)
        self._part = require_part(part)
        self._of_audio: dict[str, int] | None = None
        self._distrusted: set[int] = set()
        self._writer: PartWriter | None = None
        self._held: ExitStack | None = None

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
    def open(cls, path: Path, *, part: str = SINGLE_PART, repair: bool = False) -> Self:
        """Open a store that exists.

        Parameters
        ----------
        path : Path
            The folder.
        part : str
            Which part is written.
        repair : bool
            Hold that part from now on, and give up its utterances whose index lines are damaged, so that they can be
            encoded again.

        Raises
        ------
        DatasetError
            If there is no store, it is of another format, or an index is damaged.
        InUseError
            If the part is to be repaired and another process writes it.
        """
        document = read_document(path)
        if not repair:
            return cls(path, document, require_part(part))
        with ExitStack() as stack:
            # Held before it is read: what another process is writing now would be unknown later.
            stack.enter_context(hold_part(path, require_part(part)))
            repair_part(path, part, document.layout)
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
    def part(self) -> str:
        """The part that is written."""
        return self._part

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
        write_failures(self._path, self._part, failures)
