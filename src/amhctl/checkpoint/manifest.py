"""``manifest.json``: what a checkpoint is, in full. Knows no tensors.

Format 1. A checkpoint is a folder::

    manifest.json        this document
    model.safetensors    the weights; the same manifest stands in its ``__metadata__`` under ``manifest``
    vocabulary.model     SentencePiece model (voices)
    text_state.json      the frontend's state (voices)
    …                    what else ``files`` names; every file's SHA-256 is in ``files``
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, ValidationError

from amhctl.config.document import Document
from amhctl.config.schema import read_voice_config
from amhctl.core.units import SPEECH_LEVEL

FORMAT_VERSION = 1

SampleRate = Annotated[int, Field(gt=0, le=768_000)]
"""Samples a second; the fastest converters there are take 768,000."""


class CodecIdentity(Document):
    """The codec whose codes a voice writes; the fields of ``codec.CodecSpec``."""

    name: str
    architecture: str
    sample_rate: SampleRate
    frame_samples: int = Field(gt=0, le=2**20)
    codebooks: int = Field(gt=0, le=1_024)
    codebook_size: int = Field(gt=1, le=2**16)
    fingerprint: str


class VocoderIdentity(Document):
    """The vocoder of a voice that draws spectrograms; the fields of ``codec.VocoderSpec``."""

    name: str
    architecture: str
    sample_rate: SampleRate
    mel: dict[str, JsonValue]
    """The ``MelConfig`` of the spectrogram: what a vocoder must share with the voice."""
    fingerprint: str
    """SHA-256 of the weights that the voice was made with."""


class VocabularyIdentity(Document):
    """The vocabulary whose ids a voice reads."""

    file: str
    fingerprint: str
    """SHA-256 of the ordered pieces, joined by newlines."""
    size: int = Field(gt=0)
    units: Literal["fidel", "phones"]


class TextIdentity(Document):
    """The frontend by which a voice reads."""

    file: str
    hash: str


class Licence(Document):
    """One work that went into the weights."""

    work: str
    licence: str
    attribution: str = ""
    url: str = ""


class Manifest(Document):
    """Everything that must agree before a checkpoint is used."""

    format_version: int = FORMAT_VERSION
    kind: Literal["voice", "codec", "vocoder", "training"]
    """A voice, codec or vocoder to use, or a training state to resume."""
    name: str
    model_version: str
    """Version of the architecture in code, such as ``unified-voice-1``, ``mel-codec-1`` or ``vocoder-1``."""
    package_version: str
    language: str = "am"
    sample_rate: SampleRate
    config: dict[str, JsonValue]
    """The leaf configuration: ``ModelConfig`` or ``FlowVoiceConfig`` of a voice, ``MelCodecConfig`` or
    ``DacCodecConfig`` of a codec, ``VocoderConfig`` of a vocoder."""
    vocabulary: VocabularyIdentity | None = None
    text: TextIdentity | None = None
    codec: CodecIdentity | None = None
    vocoder: VocoderIdentity | None = None
    """Of a voice that draws spectrograms."""
    speakers: tuple[str, ...] | None = None
    """Whose voices such a voice has, in its file of speaker embeddings; it speaks as the first unless told."""
    conditioning: dict[str, JsonValue] | None = None
    """What conditions a voice: a ``MelConfig`` of log-mel frames, or a ``SpeechEncoderConfig``; None where features
    come from elsewhere."""
    level: float | None = None
    """Speech level in dBFS of the recordings a voice was trained on; None of a codec, and of an earlier version."""
    data_fingerprint: str = ""
    parent: str = ""
    """SHA-256 of the parent's weights file, or empty."""
    licences: tuple[Licence, ...] = ()
    processing: tuple[str, ...] | None = None
    """What was done to recordings that it was made from, such as the enhancer that cleaned them; None if nothing was,
    and of an earlier version."""
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    training: dict[str, JsonValue] = Field(default_factory=dict)
    """How it was trained: configuration, steps, machine. For people, save what a run that goes on keeps to."""
    files: dict[str, str]
    """Every file of the folder but this one, and its SHA-256."""


def completed(manifest: Manifest) -> Manifest:
    """Return the manifest of a voice or a run with every value of its configuration, for comparing it with another.

    One that an earlier version wrote does not name the values that came later; it means their defaults. Its level is
    the one that references and evaluation took for granted.
    """
    if manifest.kind in ("codec", "vocoder"):
        return manifest
    try:
        config = read_voice_config(manifest.config)
    except ValidationError:
        # What it says is compared as it stands.
        return manifest
    level = SPEECH_LEVEL if manifest.level is None else manifest.level
    return manifest.model_copy(update={"config": config.model_dump(mode="json"), "level": level})
