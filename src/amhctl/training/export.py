"""What a run says of the voice it makes: the manifest and the files beside the weights. Knows no loop."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import torch
from pydantic import JsonValue
from torch import Tensor

from amhctl import __version__
from amhctl.batches.dataset import SpeechDataset
from amhctl.checkpoint.manifest import (
    AdapterIdentity,
    Licence,
    Lineage,
    Manifest,
    TextIdentity,
    VocabularyGrowth,
    VocabularyIdentity,
    VocoderIdentity,
)
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning, frames_of
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_voice import MODEL_VERSION as FLOW_VERSION
from amhctl.model.soundness import REFERENCE_FILE, find_faults
from amhctl.model.unified_voice import MODEL_VERSION
from amhctl.training.precision import Precision

Arithmetic = Precision


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a run computes, which stays as it began, and where it does so now.

    Attributes
    ----------
    precision : Arithmetic
        Arithmetic of the forward pass.
    batches_per_step : int
        Micro-batches of an optimiser step, of all processes together.
    device : str
        Kind of the devices.
    processes : int
        How many share the work.
    """

    precision: Arithmetic
    batches_per_step: int
    device: str
    processes: int


@dataclass(frozen=True, slots=True, eq=False)
class VoiceIdentity:
    """Everything a checkpoint says of a voice besides its weights.

    Attributes
    ----------
    level : float
        Speech level in dBFS of the recordings it learns from.
    reference_TF : Tensor | None
        Conditioning features of a training clip; a UnifiedVoice speaks with them where no other reference is given.
    vocoder : VocoderIdentity | None
        What turns the spectrograms of a FlowVoice into sound.
    speakers : Mapping[str, Tensor]
        Speaker embeddings by name; a FlowVoice speaks as the first by default.
    processing : tuple[str, ...]
        What was done to those recordings.
    parent : str
        SHA-256 of the weights the run started from, or empty.
    lineage : Lineage | None
        The files of another maker from which those came, if they did.
    alignment : str
        Fingerprint of the store's durations, where the voice learns them; else empty.
    growth : VocabularyGrowth | None
        How the vocabulary grew, if it did and that is known.
    adapter : AdapterIdentity | None
        The low-rank terms that are trained, if any are.
    speeds : tuple[float, float] | None
        Between which speeds it learns to speak as it is told, if it does.
    """

    name: str
    language: str
    sample_rate: int
    model: ModelConfig | FlowVoiceConfig
    training: TrainingConfig
    seed: int
    vocabulary: VocabularyIdentity
    vocabulary_bytes: bytes
    text: TextIdentity
    text_state: bytes
    codec: CodecSpec | None
    conditioning: Conditioning | None
    level: float
    data_fingerprint: str
    parent: str
    licences: tuple[Licence, ...]
    processing: tuple[str, ...] = ()
    lineage: Lineage | None = None
    reference_TF: Tensor | None = None
    alignment: str = ""
    vocoder: VocoderIdentity | None = None
    speakers: Mapping[str, Tensor] = field(default_factory=dict)
    growth: VocabularyGrowth | None = None
    adapter: AdapterIdentity | None = None
    speeds: tuple[float, float] | None = None

    @property
    def kept(self) -> Literal["voice", "adapter"]:
        """What a run keeps as its best: a whole voice, or an adapter alone."""
        return "voice" if self.adapter is None else self.training.adapter.keep

    def manifest(
        self,
        kind: Literal["voice", "training", "adapter"],
        *,
        step: int,
        metrics: Mapping[str, JsonValue],
        conditions: Conditions | None,
    ) -> Manifest:
        """Return the manifest of a checkpoint of this run; the store fills in the digests."""
        computed: dict[str, JsonValue] = asdict(conditions) if conditions else {}
        return Manifest(
            kind=kind,
            name=self.name,
            model_version=FLOW_VERSION if isinstance(self.model, FlowVoiceConfig) else MODEL_VERSION,
            package_version=__version__,
            language=self.language,
            sample_rate=self.sample_rate,
            config=self.model.model_dump(mode="json"),
            vocabulary=self.vocabulary,
            text=self.text,
            codec=self.codec,
            vocoder=self.vocoder,
            speakers=tuple(self.speakers) or None,
            speeds=self.speeds,
            conditioning=None if self.conditioning is None else self.conditioning.model_dump(mode="json"),
            level=self.level,
            data_fingerprint=self.data_fingerprint,
            parent=self.parent,
            lineage=self.lineage,
            growth=self.growth,
            adapter=None if kind == "voice" else self.adapter,
            licences=self.licences,
            processing=self.processing or None,
            metrics=dict(metrics),
            training={
                "config": self.training.model_dump(mode="json"),
                "seed": self.seed,
                "step": step,
                "alignment": self.alignment,
                **computed,
            },
            files={},
        )

    def files(self) -> dict[str, bytes]:
        """Return the files that the manifest names besides tensors."""
        return {self.vocabulary.file: self.vocabulary_bytes, self.text.file: self.text_state}

    def voice_tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return the tensors beside the weights of a voice, by file: whom it speaks as."""
        if self.reference_TF is not None:
            return {REFERENCE_FILE: {"features": self.reference_TF}}
        return {SPEAKERS_FILE: dict(self.speakers)}


def choose_reference(store: CodeStore, dataset: SpeechDataset, prompt_seconds: float) -> Tensor:
    """Return the conditioning features of a training clip, shape (T, F), of at most ``prompt_seconds``."""
    frames = frames_of(store.conditioning_config, prompt_seconds)
    return torch.from_numpy(store.conditioning(choose_prompt_clip(store, dataset, prompt_seconds).id)[:frames])


def choose_prompt_clip(store: CodeStore, dataset: SpeechDataset, prompt_seconds: float) -> StoredUtterance:
    """Return the training clip that a voice is prompted with.

    It is the one of the most frequent speaker whose length is nearest to the prompts of training.
    """
    speakers = Counter(entry.record.speaker for entry in dataset.originals)
    speaker = max(sorted(speakers), key=lambda name: speakers[name])
    frames = frames_of(store.conditioning_config, prompt_seconds)
    clips = [entry for entry in dataset.originals if entry.record.speaker == speaker]
    return min(clips, key=lambda entry: (abs((entry.encoder_frames or entry.feature_frames) - frames), entry.id))


def export_voice(
    folder: Path,
    identity: VoiceIdentity,
    tensors: Mapping[str, Tensor],
    *,
    step: int,
    metrics: Mapping[str, JsonValue],
    conditions: Conditions,
) -> Manifest:
    """Write a whole voice, or what makes one with its base; the previous best one is replaced as the last step."""
    return write_checkpoint(
        folder,
        manifest=identity.manifest(identity.kept, step=step, metrics=metrics, conditions=conditions),
        tensors=tensors,
        extra_files=identity.files(),
        extra_tensors=identity.voice_tensors(),
        check=find_faults,
        force=True,
    )
