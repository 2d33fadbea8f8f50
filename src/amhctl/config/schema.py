"""Every number that describes a voice, a codec or a run: the single source of truth. No torch."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.dac import DacCodecConfig, DacTrainingConfig
from amhctl.config.document import Document
from amhctl.config.finetuning import AdapterConfig, ForgettingConfig, ParameterGroup
from amhctl.config.mel_codec import CodecTrainingConfig, MelCodecConfig
from amhctl.config.recogniser import RecogniserConfig, RecogniserTrainingConfig
from amhctl.config.stages import TrainingStage, find_stage_faults
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig
from amhctl.config.voice import VoiceConfig


class VocabularyConfig(Document):
    """Training of a vocabulary."""

    size: int = Field(512, ge=16, le=1_000_000)
    """Number of pieces."""
    model_type: Literal["bpe", "unigram", "char"] = "char"
    """SentencePiece algorithm; ``char`` gives one piece per fidel or phone, which explicit durations need."""


class AlignerConfig(Document):
    """The aligner that gives a code store its durations."""

    passes: int = Field(10, gt=0)
    """Iterations that refine Gaussians and boundaries."""
    classifier_passes: int = Field(2, ge=0)
    """Iterations that refine boundaries with a small network afterwards."""
    coefficients: int = Field(20, ge=13)
    """Number of cepstral coefficients, without their deltas."""
    variance_floor: float = Field(0.05, gt=0)
    """Added to every variance, as a fraction of the variance of all frames."""


FEWEST_SAMPLES = 8
"""Fewest sentences by which voices are compared: with fewer, chance decides which one says more of them."""


class TrainingConfig(Document):
    """Training of a voice."""

    needs_base: bool = False
    """Whether the settings are for fine-tuning: a run without a base is refused."""
    steps: int = Field(2_000, gt=0)
    """Optimiser steps."""
    batch_frames: int = Field(2_400, gt=0)
    """Frames of one micro-batch, padding included: of codes for a UnifiedVoice, of the spectrogram for a FlowVoice."""
    batch_positions: int = Field(0, ge=0)
    """Second limit of a micro-batch, padding included: its items times the sum of the most frames, the most text ids
    and the frames of the longest prompt, as in the memory estimate; 0 is no limit."""
    bucketing: bool = True
    """Whether micro-batches have utterances of similar length; otherwise they are random, with more padding."""
    accumulation: int = Field(1, ge=1)
    """Micro-batches of one optimiser step."""
    learning_rate: float = Field(5e-4, gt=0)
    """Peak of the schedule."""
    minimum_rate: float = Field(0.05, ge=0, le=1)
    """End of the cosine, as a fraction of the peak."""
    warmup_steps: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    decay_steps: int = Field(0, ge=0)
    """The step at which the learning rate reaches its minimum; 0 is the last step. A run that is extended keeps its
    original value."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay; never of norms, biases and embeddings."""
    betas: tuple[float, float] = (0.9, 0.98)
    """Decay rates of Adam's moments."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    spike_norm: float = Field(10.0, ge=0)
    """Skip a step if its gradient norm is more than this factor times the median of the last 64; 0 accepts every
    finite norm."""
    spike_loss: float = Field(3.0, ge=0)
    """The same for its loss."""
    text_weight: float = Field(0.2, ge=0)
    """Weight of the text cross-entropy."""
    code_weight: float = Field(0.8, ge=0)
    """Weight of the code cross-entropy."""
    duration_weight: float = Field(0.1, ge=0)
    """Weight of the duration loss, where the model has explicit durations."""
    prosody_weight: float = Field(0.2, ge=0)
    """Weight of the flow-matching loss of durations, pitch and energy of a FlowVoice."""
    distil_guidance: float = Field(0.0, ge=0, le=10)
    """Guidance distillation: a FlowVoice learns the output of its base with this guidance, so that inference needs
    one evaluation instead of two; 1 is the default guidance of voices. 0 trains on the recordings."""
    first_codebook_weight: float = Field(1.0, gt=0)
    """Weight of the first codebook relative to each other one."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Label smoothing of the code cross-entropy in training; validation never smooths."""
    codebook_start: bool = False
    """Initialise the code embeddings of a new model from projections of the codec's codebook vectors."""
    code_replacement: float = Field(0.0, ge=0, lt=1)
    """Fraction of input code frames replaced at random in training."""
    prompt_seconds: float = Field(3.0, gt=0)
    """Longest conditioning prompt in seconds."""
    mask_time_share: float = Field(0.0, ge=0, lt=1)
    """SpecAugment: longest of two masked time ranges of a training prompt, as a fraction of its frames; 0 for none."""
    mask_bin_share: float = Field(0.0, ge=0, lt=1)
    """SpecAugment: widest of two masked frequency bands of a training prompt, as a fraction of its mel bins; 0 for
    none."""
    emotion_from_target: float = Field(0.0, ge=0, le=1)
    """Fraction of training items of a UnifiedVoice whose emotion vector is computed from the target itself; for the
    others it is computed from the prompt, another clip of the speaker. Without the target's own, a voice learns to
    ignore emotion."""
    condition_dropout: float = Field(0.0, ge=0, lt=1)
    """Fraction of training items of a UnifiedVoice whose speaker latents and emotion vector are replaced by zeros."""
    speed_share: float = Field(0.0, ge=0, le=1)
    """Fraction of training items of a UnifiedVoice without explicit durations that are conditioned on their speed
    relative to the speaker's usual one; ``speak --speed`` needs it."""
    speaker_balance: float = Field(0.0, ge=0, le=1)
    """Balance of speakers: the number of utterances of a speaker in an epoch is proportional to its clips to the
    power of (1 - this value). 0 uses every utterance once; 1 uses the same number for each speaker, with
    repetitions."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the moving average (EMA) of the weights; the averaged weights are validated and kept as best."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Precision of the forward pass; ``auto`` is bf16 if the device supports it natively, otherwise fp16 with a scaled
    loss on a CUDA device, otherwise fp32."""
    tf32: bool = False
    """Use TF32 for single-precision matrix products on CUDA: faster, with 10 bits of mantissa."""
    checkpointing: bool = False
    """Activation checkpointing: compute activations of the large stacks again in the backward pass; less memory,
    more time (``bench train`` measures both)."""
    compile: bool = False
    """Compile the blocks of the voice by ``torch.compile``: faster steps after slow first ones, the same losses within
    rounding. A CPU needs a C++ compiler, a CUDA device the package triton; not for blocks in
    shards."""
    sharding: Literal["none", "full"] = "none"
    """How several processes hold the voice: with ``none``, each has a complete copy; with ``full``, each has a shard of
    the large stacks, their gradients, moving average and moments. A block is gathered only while it is computed, and
    its activations are recomputed in the backward pass. Checkpoints are the same."""
    valid_every: int = Field(200, gt=0)
    """Steps between validations."""
    save_every: int = Field(200, gt=0)
    """Steps between resumable checkpoints."""
    background_saves: bool = True
    """Write checkpoints from a copy while the steps continue; the copy takes the memory of the weights, their
    average and the optimiser's moments."""
    keep_checkpoints: int = Field(2, ge=1)
    """Number of newest resumable checkpoints to keep, in addition to that of the best step (if saved) and the best
    voice."""
    patience: int = Field(0, ge=0)
    """Validations without improvement before stopping early; 0 never stops early."""
    min_improvement: float = Field(0.0, ge=0)
    """By how much the deciding loss must fall to reset ``training.patience``; the best voice is kept in any case."""
    samples: int = Field(0, ge=0, le=1_000)
    """Number of validation sentences that every new best voice synthesises into ``samples/`` of the run folder; 0
    for none."""
    best_by: Literal["loss", "text_match", "character_accuracy"] = "loss"
    """Criterion for the best voice: the validation loss; text match, the number of ``training.samples`` sentences
    whose synthesis is closest to their own recording; or character accuracy, 1 minus the character error rate of
    those sentences by the bundled recogniser. Ties are decided by the loss. Patience uses the same criterion."""
    workers: int = Field(0, ge=0)
    """Processes that prepare batches."""
    reading: Literal["base", "package"] = "base"
    """Text frontend of a fine-tuned voice: that of the base, or the current one of this package and project."""
    text_rows: Literal["all", "new", "adapter"] = "all"
    """Which text embeddings (and rows of the text head) are trained: all; only new ones of an extended vocabulary, so
    that those of the base cannot change; or none, with an adapter of rank ``training.adapter.text_rank``."""
    freeze: tuple[str, ...] = ()
    """Frozen parameters: named parts of the voice, such as ``conditioning``, or patterns of parameter names."""
    unfreeze: tuple[str, ...] = ()
    """Exceptions from freezing. With an adapter everything else is frozen; by default, text and codes are trained."""
    groups: tuple[ParameterGroup, ...] = ()
    """Parameters with a rate and a decay of their own, each in one group at most."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Layer-wise decay of the learning rate: the rate of each layer is this factor times that of the layer above; 1
    gives all layers the same."""
    adapter: AdapterConfig = Field(default_factory=AdapterConfig)
    """Low-rank adapters."""
    replay_share: float = Field(0.0, ge=0, lt=1)
    """Fraction of the utterances of an epoch from ``paths.replay``, against forgetting the base's language."""
    forgetting: ForgettingConfig = Field(default_factory=ForgettingConfig)
    """A watch over what the base knew, where there is a ``paths.probe``."""
    stages: tuple[TrainingStage, ...] = ()
    """Stages of the run, one after the other; none is one stage. The best voice is chosen again in each, and patience
    ends a run in the last one only."""

    @property
    def has_speaker_adversary(self) -> bool:
        """Whether a classifier tells speakers by the emotion vector."""
        return any(stage.speaker_adversary for stage in self.stages)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        faults = [
            f"{name} {value:g}: must be more than 1 (times the usual value), or 0 to accept every step"
            for name, value in (("spike_norm", self.spike_norm), ("spike_loss", self.spike_loss))
            if 0 < value <= 1
        ]
        if self.best_by != "loss" and self.samples < FEWEST_SAMPLES:
            faults.append(
                f"best_by {self.best_by!r} needs training.samples of {FEWEST_SAMPLES} or more, there are {self.samples}"
            )
        faults += find_stage_faults(self.stages, self.steps)
        if self.sharding == "full" and self.adapter.method == "adalora":
            faults.append(
                "sharding full does not go with adapter.method adalora, which ranks whole matrices: take lora"
            )
        if self.sharding == "full" and self.compile:
            faults.append("sharding full does not go with compile: a block's weights are others each time it computes")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class PathsConfig(Document):
    """Where the parts of a project lie; relative paths are relative to ``amhctl.toml``."""

    data: Path | None = None
    """Code store to train on."""
    vocabulary: Path | None = None
    """Vocabulary model."""
    codec: str = "mel16k"
    """Codec name or folder."""
    vocoder: str = "vocoder16k"
    """Name or folder of the vocoder for a FlowVoice."""
    base: Path | None = None
    """Checkpoint to start from."""
    run: Path | None = None
    """Run folder."""
    replay: Path | None = None
    """Code store in the base's language for replay; see ``training.replay_share``."""
    probe: Path | None = None
    """Code store in the base's language to measure forgetting; never used for training."""
    lexicons: tuple[Path, ...] = ()
    """Lexicons of the project (pronunciations); a later file overrides an earlier one."""


class LicenceConfig(Document):
    """What the licences of works must allow."""

    commercial: bool = False
    """Whether `speak`, `train` and `codes extract` refuse works whose licence forbids commercial use."""


class ServeConfig(Document):
    """What `amhctl serve` is asked for."""

    aliases: dict[str, str] = Field(default_factory=dict)
    """Other names of models and speakers, and what each stands for: ``{"narrator" = "alffa-11"}``."""
    openai_names: bool = True
    """Whether the names of OpenAI's models and voices (`tts-1`, `alloy`) are aliases too."""


class RunConfig(Document):
    """Everything that describes a run; presets, ``amhctl.toml``, environment and ``--set`` fill it."""

    seed: int = Field(0, ge=0, lt=2**32)
    """Random seed."""
    paths: PathsConfig = Field(default_factory=PathsConfig)
    """Where things lie."""
    licence: LicenceConfig = Field(default_factory=LicenceConfig)
    """What the licences of works must allow."""
    text: TextConfig = Field(default_factory=TextConfig)
    """How text is read."""
    vocabulary: VocabularyConfig = Field(default_factory=VocabularyConfig)
    """Training of a vocabulary."""
    mel_codec: MelCodecConfig = Field(default_factory=MelCodecConfig)
    """Shape of a mel codec to train."""
    codec_training: CodecTrainingConfig = Field(default_factory=CodecTrainingConfig)
    """Training of a codec."""
    vocoder: VocoderConfig = Field(default_factory=VocoderConfig)
    """Shape of a vocoder to train."""
    vocoder_training: VocoderTrainingConfig = Field(default_factory=VocoderTrainingConfig)
    """Training of a vocoder."""
    recogniser: RecogniserConfig = Field(default_factory=RecogniserConfig)
    """Shape of a recogniser to train."""
    recogniser_training: RecogniserTrainingConfig = Field(default_factory=RecogniserTrainingConfig)
    """Training of a recogniser."""
    dac_codec: DacCodecConfig = Field(default_factory=DacCodecConfig)
    """Shape of a DAC to train from nothing."""
    dac_training: DacTrainingConfig = Field(default_factory=DacTrainingConfig)
    """Training of a DAC."""
    augment: AugmentConfig = Field(default_factory=AugmentConfig)
    """How the copies that `codes extract --copies` makes of training recordings are varied."""
    aligner: AlignerConfig = Field(default_factory=AlignerConfig)
    """Training of the aligner."""
    model: VoiceConfig = Field(default_factory=ModelConfig)
    """Shape of the voice, and by ``model.kind`` which kind it is of."""
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    """Training of the voice."""
    serve: ServeConfig = Field(default_factory=ServeConfig)
    """The HTTP server."""
