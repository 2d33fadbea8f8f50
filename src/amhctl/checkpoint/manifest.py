"""``manifest.json``: what a checkpoint is, in full. Knows no tensors.

Format 1. A checkpoint is a folder::

    manifest.json        this document
    model.safetensors    the weights; the same manifest is in its ``__metadata__`` under ``manifest``
    vocabulary.model     SentencePiece model (voices)
    text_state.json      the frontend's state (voices)
    …                    what else ``files`` names; every file's SHA-256 is in ``files``
"""

from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue

from amhctl.config.codec_spec import CodecSpec, SampleRate
from amhctl.config.document import Document
from amhctl.core.units import FASTEST, SLOWEST

FORMAT_VERSION: Final = 1

_Whole = Field(strict=True)
_Speed = Annotated[float, Field(ge=SLOWEST, le=FASTEST)]
_Scale = Annotated[float, Field(ge=SLOWEST, le=FASTEST)]


class VocoderIdentity(Document):
    """The vocoder of a FlowVoice; the fields of ``codec.VocoderSpec``."""

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
    size: Annotated[int, _Whole] = Field(gt=0)
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


class Lineage(Document):
    """Files of another maker that the weights come from; every checkpoint made of them names them too."""

    format: Literal["indextts2"]
    file: str
    """Name of the weights file."""
    sha256: str
    """Its digest."""
    adapter: str = ""
    """SHA-256 of the weights of an adapter that was merged into them, or empty."""
    config: str
    """Its ``config.yaml``, as it was."""
    unproven: tuple[str, ...] = ()
    """What the files do not show and somebody must know."""


class VocabularyGrowth(Document):
    """The vocabulary that a voice's first base spoke, whose pieces have the first ids of the present one."""

    base_size: int = Field(gt=0)
    """Its pieces: so many text rows are the base's, those after them were added by growing."""
    base_fingerprint: str


class AdapterIdentity(Document):
    """Low-rank terms beside layers of a base, and tensors that replace its own."""

    method: Literal["lora", "dora", "adalora"]
    base: str
    """Name of the base; ``parent`` is the SHA-256 of its weights."""
    ranks: dict[str, Annotated[int, Field(ge=1, le=4_096)]]
    """Rank beside each adapted layer, by its name."""
    scale: float = Field(gt=0)
    """Factor of the low-rank terms: alpha over rank."""
    whole: tuple[str, ...]
    """Tensors that were trained themselves."""


class DurationScale(Document):
    """By what the durations that a FlowVoice expects are multiplied, so that its speech is as long as recordings."""

    overall: _Scale
    """For every speaker that is not named, such as that of a reference."""
    speakers: dict[str, _Scale] = Field(default_factory=dict)
    """For speakers by name."""

    def of(self, speaker: str | None) -> float:
        """Return the factor for a speaker; None is one without a name."""
        return self.overall if speaker is None else self.speakers.get(speaker, self.overall)


class Manifest(Document):
    """Everything that must agree before a checkpoint is used."""

    format_version: Literal[1] = FORMAT_VERSION
    """Version of this document; ``checkpoint.migrate`` lists all versions and how they are read."""
    kind: Literal["voice", "codec", "vocoder", "recogniser", "training", "adapter"]
    """A voice, codec, vocoder or recogniser to use, a training state to resume, or an adapter that makes a voice with
    its base."""
    name: str
    """Display name."""
    model_version: str
    """Version of the architecture in code, such as ``unified-voice-1``, ``mel-codec-1`` or ``vocoder-1``."""
    package_version: str
    """Version of amhctl that wrote it."""
    language: str = "am"
    """ISO 639 code of the language."""
    sample_rate: SampleRate
    """Sample rate of the audio in Hz."""
    config: dict[str, JsonValue]
    """The leaf configuration: ``ModelConfig`` or ``FlowVoiceConfig`` of a voice, ``MelCodecConfig`` or
    ``DacCodecConfig`` of a codec, ``VocoderConfig`` of a vocoder, ``RecogniserConfig`` of a recogniser."""
    vocabulary: VocabularyIdentity | None = None
    """Of a voice: the vocabulary that defines its ids."""
    text: TextIdentity | None = None
    """Of a voice: the state of its text frontend."""
    codec: CodecSpec | None = None
    """Of a UnifiedVoice, or a FlowVoice conditioned on codes."""
    vocoder: VocoderIdentity | None = None
    """Of a FlowVoice."""
    speakers: tuple[str, ...] | None = None
    """Names of the speakers of a FlowVoice, in its file of speaker embeddings; the first is the default."""
    speeds: tuple[_Speed, _Speed] | None = None
    """Lowest and highest speed of a voice without explicit durations; None if it was not trained with speeds."""
    duration_scale: DurationScale | None = None
    """Of a FlowVoice: the correction of its durations, measured on its training and validation clips; None if it was
    not measured."""
    conditioning: dict[str, JsonValue] | None = None
    """What conditions a voice: a ``MelConfig`` of log-mel frames, or a ``SpeechEncoderConfig``; None where features
    come from elsewhere."""
    level: Annotated[float, Field(strict=True)] | None = None
    """Speech level in dBFS of the recordings a voice was trained on; None of a codec, and of an earlier version."""
    data_fingerprint: str = ""
    """Of the code store it was trained on, or empty."""
    parent: str = ""
    """SHA-256 of the parent's weights file, or empty; of a codec or vocoder the fingerprint of its base."""
    lineage: Lineage | None = None
    """Source of imported weights."""
    growth: VocabularyGrowth | None = None
    """Of a voice whose vocabulary was grown; None if it was not, and of an earlier version, which did not record it."""
    adapter: AdapterIdentity | None = None
    """Of an adapter, and of the training state of one."""
    licences: tuple[Licence, ...] = ()
    """Every work used for the weights, with its licence."""
    processing: tuple[str, ...] | None = None
    """Processing of the training recordings, such as noise removal; None if there was none, and in earlier versions."""
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    """Measurements at the time of writing, such as the validation loss."""
    training: dict[str, JsonValue] = Field(default_factory=dict)
    """How it was trained: configuration, steps, machine. Informative, except for values that a resumed run must
    keep."""
    files: dict[str, str]
    """Every other file of the folder, with its SHA-256."""
