"""The index of a code store's part: one line for each utterance. Knows no data after it.

A line is a JSON object: the utterance's record, its lengths, where its data lie, their digest, and the digests of the
audio they were made from. The line of a varied copy also says what was done to the recording, and how long the cut was
before; that of a store with a speech encoder's features, or with acoustics, where those lie.
Lines are never changed once they are whole, so that one can be read again from where it begins.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from amhctl.audio.augment import UNVARIED, Variation
from amhctl.config.document import Document
from amhctl.corpus.records import Record


@dataclass(frozen=True, slots=True)
class AudioDigest:
    """What an utterance was encoded from.

    Attributes
    ----------
    file : str
        SHA-256 of the file's bytes; empty if it is not known.
    samples : str
        SHA-256 of what was cut out of the decoded file and varied, whatever the file's format; empty if it is not
        known.
    variation : Variation
        What was done to the cut.
    cut : float | None
        Seconds that were cut out of the file, where a variation may have changed the length; else None.
    """

    file: str = ""
    samples: str = ""
    variation: Variation = UNVARIED
    cut: float | None = None


UNKNOWN_AUDIO = AudioDigest()


def digest_samples(samples: NDArray[np.float32], sample_rate: int) -> str:
    """Return the SHA-256 of decoded mono samples and their rate."""
    return digest_pieces([samples], samples.size, sample_rate)


def digest_pieces(pieces: Iterable[NDArray[np.float32]], count: int, sample_rate: int) -> str:
    """Return the SHA-256 of ``count`` decoded mono samples that come one piece after another, and their rate."""
    digest = hashlib.sha256(f"{sample_rate} {count}\n".encode())
    for samples in pieces:
        digest.update(np.ascontiguousarray(samples, dtype="<f4").tobytes())
    return digest.hexdigest()


class _VariationLine(Document):
    """The fields of ``Variation`` that change something."""

    speed: float = UNVARIED.speed
    semitones: float = UNVARIED.semitones
    noise: float | None = UNVARIED.noise
    room: str = UNVARIED.room
    decay: float = UNVARIED.decay
    seed: int = UNVARIED.seed


_Count = Annotated[int, Field(ge=0, lt=2**63)]
"""What a file can have of bytes or frames."""


class _IndexLine(Document):
    """One line of ``index-PART.jsonl``."""

    record: Record
    frames: _Count
    feature_frames: _Count
    codes_offset: _Count
    features_offset: _Count
    sha256: str
    file_sha256: str = ""
    samples_sha256: str = ""
    variation: _VariationLine | None = None
    cut: float | None = None
    encoder_frames: _Count = 0
    encoder_offset: _Count = 0
    acoustic_frames: _Count = 0
    acoustics_offset: _Count = 0
    speaker_offset: _Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredData:
    """Where an utterance's data lie, and which they are.

    Attributes
    ----------
    part : str
        Which files it is in.
    line : int
        Bytes from the start of the index to its line.
    frames : int
        Frames S of codes.
    feature_frames : int
        Frames T of features.
    codes_offset, features_offset : int
        Bytes from the start of those files.
    sha256 : str
        Digest of the bytes of its columns: codes, features, the encoder's features, acoustics, speaker embedding.
    encoder_frames, encoder_offset : int
        Frames of the speech encoder's features, and where they lie; 0 where the store has none.
    acoustic_frames, acoustics_offset, speaker_offset : int
        Frames of the acoustics, and where they and the speaker embedding lie; 0 where the store has none.
    """

    part: str
    line: int = 0
    frames: int
    feature_frames: int
    codes_offset: int
    features_offset: int
    sha256: str
    encoder_frames: int = 0
    encoder_offset: int = 0
    acoustic_frames: int = 0
    acoustics_offset: int = 0
    speaker_offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUtterance(StoredData):
    """One utterance in a store: all that its index line says.

    Attributes
    ----------
    record : Record
        The manifest's record; ``duration`` is the true length of what was encoded.
    audio : AudioDigest
        What it was encoded from.
    """

    record: Record
    audio: AudioDigest = UNKNOWN_AUDIO

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    @property
    def is_copy(self) -> bool:
        """Whether it is a varied copy of another utterance."""
        return self.audio.variation != UNVARIED

    @property
    def source(self) -> Record:
        """Its record with the duration of the cut out of the file instead of that of what was encoded."""
        cut = self.audio.cut
        return self.record if cut is None else self.record.model_copy(update={"duration": cut})


def index_file(folder: Path, part: str) -> Path:
    """Return where the index of a part lies."""
    return folder / f"index-{part}.jsonl"


def parse_line(raw: bytes, part: str, begin: int = 0) -> StoredUtterance | None:
    """Read a line of a part's index that begins at a byte of it; None if it is not one."""
    try:
        line = _IndexLine.model_validate_json(raw)
    except ValidationError:
        return None
    # A million lines share the one value that says that nothing was varied.
    variation = UNVARIED if line.variation is None else Variation(**line.variation.model_dump())
    return StoredUtterance(
        record=line.record,
        frames=line.frames,
        feature_frames=line.feature_frames,
        part=part,
        line=begin,
        codes_offset=line.codes_offset,
        features_offset=line.features_offset,
        sha256=line.sha256,
        audio=AudioDigest(line.file_sha256, line.samples_sha256, variation, line.cut),
        encoder_frames=line.encoder_frames,
        encoder_offset=line.encoder_offset,
        acoustic_frames=line.acoustic_frames,
        acoustics_offset=line.acoustics_offset,
        speaker_offset=line.speaker_offset,
    )


def read_line(index: BinaryIO, part: str, begin: int) -> StoredUtterance | None:
    """Read the line of a part's open index that begins at a byte of it; None if none does."""
    index.seek(begin)
    return parse_line(index.readline(), part, begin)


def format_line(stored: StoredUtterance) -> bytes:
    """Return the line of an utterance, its newline included."""
    value: dict[str, object] = {
        "record": stored.record.model_dump(exclude_defaults=True),
        "frames": stored.frames,
        "feature_frames": stored.feature_frames,
        "codes_offset": stored.codes_offset,
        "features_offset": stored.features_offset,
        "sha256": stored.sha256,
        "file_sha256": stored.audio.file,
        "samples_sha256": stored.audio.samples,
    }
    if stored.encoder_frames:
        value |= {"encoder_frames": stored.encoder_frames, "encoder_offset": stored.encoder_offset}
    if stored.acoustic_frames:
        value |= {
            "acoustic_frames": stored.acoustic_frames,
            "acoustics_offset": stored.acoustics_offset,
            "speaker_offset": stored.speaker_offset,
        }
    if stored.is_copy:
        value |= {"variation": stored.audio.variation.entry(), "cut": stored.audio.cut}
    return json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"
