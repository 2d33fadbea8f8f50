"""Every number that describes a voice, a codec or a run: the single source of truth. No torch."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.dac import DacCodecConfig, DacTrainingConfig
from amhctl.config.document import Document
from amhctl.config.finetuning import AdapterConfig, ForgettingConfig, ParameterGroup
from amhctl.config.mel_codec import CodecTrainingConfig, MelCodecConfig
from amhctl.config.stages import TrainingStage, find_stage_faults
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig
from amhctl.config.voice import VoiceConfig


class VocabularyConfig(Document):
    """Training of a vocabulary."""

    size: int = Field(512, ge=16, le=1_000_000)
    """Pieces wanted."""
    model_type: Literal["bpe", "unigram", "char"] = "char"
    """SentencePiece algorithm; ``char`` gives one piece per fidel or phone, which explicit durations need."""


class AlignerConfig(Document):
    """The aligner that gives a code store its durations."""

    passes: int = Field(10, gt=0)
    """Times that Gaussians and boundaries are refined."""
    classifier_passes: int = Field(2, ge=0)
    """Times that boundaries are refined by a small network afterwards."""
    coefficients: int = Field(20, ge=13)
    """Cepstra seen, besides their slopes."""
    variance_floor: float = Field(0.05, gt=0)
    """Added to every variance, as a share of the variance of all frames."""


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
    """All that a micro-batch may hold besides, padding included: items times the frames and text of the longest of them
    and the frames of the longest prompt, as the estimate of memory counts them; 0 counts frames alone."""
    bucketing: bool = True
    """Whether utterances of like length share a micro-batch; otherwise they are put together at random, and more of it
    is padding."""
    accumulation: int = Field(1, ge=1)
    """Micro-batches of one optimiser step."""
    learning_rate: float = Field(5e-4, gt=0)
    """Peak of the schedule."""
    minimum_rate: float = Field(0.05, ge=0, le=1)
    """End of the cosine, as a fraction of the peak."""
    warmup_steps: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    decay_steps: int = Field(0, ge=0)
    """The step at which the rate has come to its minimum, and stays there; 0 is the last one. A run that is made longer
    keeps the one it began with."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay; never of norms, biases and embeddings."""
    betas: tuple[float, float] = (0.9, 0.98)
    """Decay rates of Adam's moments."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    spike_norm: float = Field(10.0, ge=0)
    """A step whose gradient norm is more than so many times the median of the last 64 is not taken; 0 takes any that
    is finite."""
    spike_loss: float = Field(3.0, ge=0)
    """The same of its loss."""
    text_weight: float = Field(0.2, ge=0)
    """Weight of the text cross-entropy."""
    code_weight: float = Field(0.8, ge=0)
    """Weight of the code cross-entropy."""
    duration_weight: float = Field(0.1, ge=0)
    """Weight of the duration loss, where the model has explicit durations."""
    prosody_weight: float = Field(0.2, ge=0)
    """Weight of a FlowVoice's flow of durations, pitch and energy."""
    distil_guidance: float = Field(0.0, ge=0, le=10)
    """A FlowVoice learns to draw at once what its base draws with so much guidance, which takes two computations
    (guidance distillation); 1 is what voices speak with. 0 learns from the recordings."""
    first_codebook_weight: float = Field(1.0, gt=0)
    """Weight of the first codebook relative to each other one."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Label smoothing of the code cross-entropy in training; validation never smooths."""
    codebook_start: bool = False
    """Begin the code rows of a new model as projections of the codec's codebook vectors."""
    code_replacement: float = Field(0.0, ge=0, lt=1)
    """Share of input code frames replaced at random in training."""
    prompt_seconds: float = Field(3.0, gt=0)
    """Longest conditioning prompt drawn for a target."""
    mask_time_share: float = Field(0.0, ge=0, lt=1)
    """Longest of two stretches of a training prompt's frames that are masked, as a share of them; 0 masks none."""
    mask_bin_share: float = Field(0.0, ge=0, lt=1)
    """Longest of two bands of a training prompt's mel bins that are masked, as a share of them; 0 masks none."""
    emotion_from_target: float = Field(0.0, ge=0, le=1)
    """Share of training items of a UnifiedVoice whose emotion vector is of the target itself; the others' is of their
    prompt, another clip of the same speaker. A voice that never hears the target's own learns to pass emotion over."""
    condition_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of training items of a UnifiedVoice whose speaker latents and emotion vector are withheld, as zeros."""
    speed_share: float = Field(0.0, ge=0, le=1)
    """Share of training items of a UnifiedVoice without explicit durations that are told how fast they are spoken,
    against the usual pace of their speaker; what ``speak --speed`` of such a voice needs."""
    speaker_balance: float = Field(0.0, ge=0, le=1)
    """How alike speakers are drawn: an epoch has as many utterances of each as its clips to the power of 1 less this.
    0 uses every utterance once, 1 has as many of each speaker, those of speakers with few clips several times."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the averaged weights, which are the ones validated and kept as best."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Arithmetic of the forward pass; ``auto`` is bf16 where the device computes it natively, else fp16 on a CUDA
    device, with a scaled loss, else fp32."""
    tf32: bool = False
    """Let a CUDA device round the factors of single-precision products to TF32: faster, with 10 bits of mantissa."""
    checkpointing: bool = False
    """Compute activations of the large stacks anew in the backward pass: less memory, more time; ``bench train``
    measures both."""
    compile: bool = False
    """Compile the blocks of the voice by ``torch.compile``: faster steps after slow first ones, the same losses within
    rounding. A CPU needs a C++ compiler, a CUDA device the package triton; not for blocks in
    shards."""
    sharding: Literal["none", "full"] = "none"
    """How several processes hold the voice: ``none`` is each of them whole; ``full`` is its large stacks, with their
    gradients, average and moments, in shards, each block whole only while it is computed, and computed anew in the
    backward pass. Checkpoints are the same."""
    valid_every: int = Field(200, gt=0)
    """Steps between validations."""
    save_every: int = Field(200, gt=0)
    """Steps between resumable checkpoints."""
    background_saves: bool = True
    """Write checkpoints from a copy while the steps go on; the copy takes the memory of the weights, their average and
    the optimiser's moments."""
    keep_checkpoints: int = Field(2, ge=1)
    """Resumable checkpoints kept; that of the best step is kept besides, if one was saved then, and the best voice."""
    patience: int = Field(0, ge=0)
    """Validations without improvement before stopping early; 0 never stops early."""
    min_improvement: float = Field(0.0, ge=0)
    """By how much the deciding loss must fall for ``training.patience`` to begin anew; the best voice is kept in any
    case."""
    samples: int = Field(0, ge=0, le=1_000)
    """Sentences of the validation set that the best voice says whenever there is a better one, as sound files in
    ``samples/`` of the run's folder; 0 says none."""
    best_by: Literal["loss", "text_match"] = "loss"
    """What decides which voice is the best: the loss on the validation set; or how many of ``training.samples``
    sentences, said by each validation's averaged voice, are nearest to their own recordings, and of equally many the
    loss. Patience follows what decides."""
    workers: int = Field(0, ge=0)
    """Processes that prepare batches."""
    reading: Literal["base", "package"] = "base"
    """By whose text tables and options a voice that starts from a base reads: as the base learnt to, or as this package
    and project do now."""
    text_rows: Literal["all", "new", "adapter"] = "all"
    """Which rows of the text embedding and head learn: all of them; those alone that a grown vocabulary added, so that
    nothing can move the base's; or none, beside which an adapter of rank ``training.adapter.text_rank`` learns."""
    freeze: tuple[str, ...] = ()
    """What does not learn: named parts of the voice, such as ``conditioning``, or patterns of parameter names."""
    unfreeze: tuple[str, ...] = ()
    """What learns all the same. With an adapter everything else is frozen; unless named here, text and codes learn."""
    groups: tuple[ParameterGroup, ...] = ()
    """Parameters with a rate and a decay of their own, each in one group at most."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """The learning rate of each layer, as a multiple of that of the layer above it; 1 gives all layers one rate."""
    adapter: AdapterConfig = Field(default_factory=AdapterConfig)
    """Low-rank adapters."""
    replay_share: float = Field(0.0, ge=0, lt=1)
    """Share of the utterances of an epoch that come from ``paths.replay``, against forgetting the base's language."""
    forgetting: ForgettingConfig = Field(default_factory=ForgettingConfig)
    """A watch over what the base knew, where there is a ``paths.probe``."""
    stages: tuple[TrainingStage, ...] = ()
    """Stages of the run, one after the other; none is one stage. The best voice is chosen anew in each, and patience
    ends a run in the last one only."""

    @property
    def tells_speakers(self) -> bool:
        """Whether a classifier tells speakers by the emotion vector."""
        return any(stage.speaker_adversary for stage in self.stages)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        faults = [
            f"{name} {value:g}: must be more than 1 (times the usual value), or 0 to accept every step"
            for name, value in (("spike_norm", self.spike_norm), ("spike_loss", self.spike_loss))
            if 0 < value <= 1
        ]
        if self.best_by == "text_match" and self.samples < FEWEST_SAMPLES:
            faults.append(
                f"best_by 'text_match' needs training.samples of {FEWEST_SAMPLES} or more, there are {self.samples}"
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
    """Name or folder of the vocoder that a FlowVoice draws for."""
    base: Path | None = None
    """Checkpoint to start from."""
    run: Path | None = None
    """Run folder."""
    replay: Path | None = None
    """Code store of the base's language, of which ``training.replay_share`` is trained on."""
    probe: Path | None = None
    """Code store of the base's language by which it is seen what is forgotten; never trained on."""
    lexicons: tuple[Path, ...] = ()
    """Lexicons of the project: how its words are said; a later file overrides an earlier one."""


class RunConfig(Document):
    """Everything that describes a run; presets, ``amhctl.toml``, environment and ``--set`` fill it."""

    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of every random choice."""
    paths: PathsConfig = Field(default_factory=PathsConfig)
    """Where things lie."""
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
