"""Every number that describes a voice, a codec or a run: the single source of truth. No torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, JsonValue, Tag, TypeAdapter, model_validator

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.dac import DacCodecConfig, DacTrainingConfig
from amhctl.config.document import Document
from amhctl.config.finetuning import AdapterConfig, ForgettingConfig, ParameterGroup
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.mel import DEEPEST, WIDEST, MelConfig
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig
from amhctl.core.units import SPEECH_LEVEL

_Layers = Annotated[int, Field(ge=0, le=DEEPEST)]


class TextConfig(Document):
    """How written text is read; part of every checkpoint's text state."""

    units: Literal["fidel", "phones"] = "phones"
    """What the vocabulary is made of."""
    backends: tuple[Literal["rules", "epitran", "transphone"], ...] = Field(("rules", "epitran"), min_length=1)
    """G2P backends in the order in which they are tried, word by word. Each must be on this machine."""
    optional_backends: tuple[Literal["rules", "epitran", "transphone"], ...] = ()
    """Those of ``text.backends`` that may be absent or fail: the next one in the list reads in their place."""
    fold_homophones: bool = False
    """Write ሀ ሐ ኀ, ሰ ሠ, አ ዐ and ጸ ፀ alike before anything else."""
    hundred: Literal["መቶ", "አንድ መቶ"] = "መቶ"
    """How 100 is read where it stands alone."""
    negative: Literal["ኔጌቲቭ", "ከዜሮ በታች"] = "ኔጌቲቭ"
    """What is said for the minus sign of a number; degrees are below zero (ከዜሮ በታች) in any case."""
    months: Literal["ethiopian", "gregorian"] = "ethiopian"
    """Whose months a date in figures has where no era stands beside it (18/3/1990: ኅዳር or ማርች)."""
    breath_syllables: int = Field(40, ge=8, le=200)
    """Longest piece of text spoken in one go, in fidel."""


class VocabularyConfig(Document):
    """Training of a vocabulary."""

    size: int = Field(512, ge=16, le=1_000_000)
    """Pieces wanted."""
    model_type: Literal["bpe", "unigram", "char"] = "char"
    """SentencePiece algorithm; ``char`` gives one piece per fidel or phone, which explicit durations need."""


class MelCodecConfig(Document):
    """The bundled codec: log-mel, ConvNeXt encoder, residual quantiser, ConvNeXt decoder, inverse STFT."""

    mel: MelConfig = MelConfig()
    """What the encoder sees: a frame is ``mel.hop_samples * 2`` samples long in the codes."""
    width: int = Field(256, gt=0, le=WIDEST)
    """Channels of every block."""
    encoder_blocks: tuple[_Layers, _Layers] = (4, 2)
    """ConvNeXt blocks before and after the halving of the frame rate."""
    decoder_blocks: tuple[_Layers, _Layers] = (2, 8)
    """ConvNeXt blocks before and after the doubling of the frame rate."""
    synthesis_fft_samples: int = Field(1_280, gt=0, le=65_536)
    """Length of the inverse transform of the head."""
    codebooks: int = Field(8, ge=1, le=1_024)
    """Stages of the residual quantiser."""
    codebook_size: int = Field(1_024, ge=2, le=65_536)
    """Codes of each stage."""

    @property
    def frame_samples(self) -> int:
        """Samples of one code frame."""
        return self.mel.hop_samples * 2


class CodecTrainingConfig(Document):
    """Training of the bundled codec."""

    steps: int = Field(5_000, gt=0)
    """Optimiser steps."""
    batch_size: int = Field(16, gt=0)
    """Segments a step."""
    segment_seconds: float = Field(1.28, gt=0)
    """Length of a training segment."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak of the cosine schedule."""
    warmup_steps: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay of matrices."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    unquantised_steps: int = Field(300, ge=0)
    """First steps without the quantiser, so that k-means starts the codebooks from latents that mean something."""
    commitment_weight: float = Field(0.25, ge=0)
    """Weight of the encoder's distance to its codes."""
    keep_codes: bool = False
    """Of a codec that goes on from ``--base``, train the decoder alone: stores and voices made with the base fit it."""
    fewer_codebooks_share: float = Field(0.0, ge=0, le=1)
    """Share of segments decoded from fewer codebooks, their number drawn evenly, for voices that write only some."""
    level: float = SPEECH_LEVEL
    """Speech level in dBFS to which every clip is brought first."""
    gain_range: float = Field(6.0, ge=0)
    """Random gain of a segment in training, in dB up or down."""
    valid_every: int = Field(250, gt=0)
    """Steps between measurements on the validation clips."""
    valid_clips: int = Field(16, gt=0)
    """Validation clips measured each time."""
    save_every: int = Field(250, gt=0)
    """Steps between resumable checkpoints."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the forward pass; ``auto`` is bf16 where the device computes it natively."""
    adversarial_steps: int = Field(0, ge=0)
    """Last steps of the run in which discriminators are trained along; 0 trains without any."""
    adversarial_weight: float = Field(0.07, ge=0)
    """Weight of deceiving the discriminators, beside a log-mel distance of weight 1."""
    feature_weight: float = Field(0.13, ge=0)
    """Weight of matching the discriminators' features."""
    discriminator_rate: float = Field(2e-4, gt=0)
    """Learning rate of the discriminators."""
    discriminator_width: int = Field(8, gt=0)
    """Channels of the discriminators' first layer; the later ones have up to eight times as many."""

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if self.adversarial_steps + self.unquantised_steps > self.steps and self.adversarial_steps:
            raise ValueError("adversarial_steps and unquantised_steps together are more than steps")
        return self


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


class ConformerConfig(Document):
    """A conditioning encoder and the perceiver behind it (spec: conformer_perceiver)."""

    output_size: int = Field(512, gt=0, le=WIDEST)
    """Width of the conformer."""
    linear_units: int = Field(2_048, gt=0, le=WIDEST)
    """Width of its feed-forward layers."""
    attention_heads: int = Field(8, gt=0, le=DEEPEST)
    """Attention heads of conformer and perceiver."""
    num_blocks: int = Field(6, gt=0, le=DEEPEST)
    """Conformer blocks."""
    input_layer: Literal["conv2d2"] = "conv2d2"
    """Front end: one convolution that halves the frame rate."""
    perceiver_mult: int = Field(2, gt=0, le=64)
    """Width factor of the perceiver's feed-forward layers."""


class AlignmentConfig(Document):
    """Explicit durations: the text piece of each frame is an input beside the codes."""

    encoder_layers: int = Field(4, ge=1, le=DEEPEST)
    """Convolution blocks over the text pieces."""
    kernel: int = Field(5, ge=1, le=1_023)
    """Width of those convolutions, in pieces."""
    duration_layers: int = Field(2, ge=1, le=DEEPEST)
    """Convolution blocks of the duration predictor."""
    text_prefix: bool = False
    """Whether the text also stands before the codes in the sequence, as in the official layout."""


class ModelConfig(Document):
    """UnifiedVoice. The defaults are the official IndexTTS-2 shape; names are those of its configuration."""

    kind: Literal["unified"] = "unified"
    """Tells this kind of voice from ``flow``."""
    model_dim: int = Field(1_280, gt=0, le=WIDEST)
    """Width of the transformer."""
    layers: int = Field(24, gt=0, le=DEEPEST)
    """Transformer blocks."""
    heads: int = Field(20, gt=0, le=DEEPEST)
    """Attention heads."""
    max_text_tokens: int = Field(600, gt=0, le=1_000_000)
    """Longest text, without its two specials."""
    max_mel_tokens: int = Field(1_815, gt=0, le=1_000_000)
    """Longest code sequence, in frames, without specials."""
    number_text_tokens: int = Field(12_000, gt=2, le=2_000_000)
    """Pieces of the vocabulary; the embedding has one row more, as in the official file."""
    start_text_token: int = 0
    """Id that opens a text."""
    stop_text_token: int = 1
    """Id that closes a text."""
    number_mel_codes: int = Field(8_194, gt=2, le=65_538)
    """Codes of one codebook and its two specials."""
    start_mel_token: int = 8_192
    """Code that opens a stream."""
    stop_mel_token: int = 8_193
    """Code that closes a stream."""
    codebooks: int = Field(1, ge=1, le=1_024)
    """Codes per frame, the first of the codec's codebooks; stream q is delayed by q positions."""
    condition_dim: int = Field(1_024, ge=8, le=WIDEST)
    """Width of the conditioning features."""
    condition_num_latent: int = Field(32, gt=0, le=WIDEST)
    """Speaker latents before the text."""
    condition_type: Literal["conformer_perceiver"] = "conformer_perceiver"
    """Architecture of the conditioning encoders."""
    condition_module: ConformerConfig = ConformerConfig()
    """The speaker encoder."""
    emo_condition_module: ConformerConfig | None = ConformerConfig(linear_units=1_024, attention_heads=4, num_blocks=4)
    """The emotion encoder; without one, the emotion vector is zero."""
    emo_dim: int = Field(1_024, gt=0, le=WIDEST)
    """Width of the emotion perceiver."""
    condition_norms: bool = False
    """Hear prompts by their difference from the mean prompt, and normalise before each layer of the perceivers. Off in
    the official layout; a voice that starts from nothing needs it, or it stops hearing its prompt."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout of embeddings, attention and residuals in training."""
    text_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of training items whose aligned text is withheld: what a voice needs to be guided by its text."""
    position_rule: Literal["upstream", "aligned"] = "aligned"
    """Code positions while decoding: 0, 1, 2, … as in training, or 0, 2, 3, … as IndexTTS-2 does. A voice that starts
    from a base keeps the base's."""
    alignment: AlignmentConfig | None = None
    """Explicit durations; off in the official layout."""

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        faults = []
        if self.model_dim % self.heads:
            faults.append(f"model_dim {self.model_dim} is not a multiple of heads {self.heads}")
        if {self.start_mel_token, self.stop_mel_token} != {self.number_mel_codes - 2, self.number_mel_codes - 1}:
            faults.append("start_mel_token and stop_mel_token must be the last two of number_mel_codes")
        for name, token in (("start_text_token", self.start_text_token), ("stop_text_token", self.stop_text_token)):
            if not 0 <= token <= self.number_text_tokens:
                faults.append(f"{name} {token} is no row of the text embedding")
        if self.text_dropout and (self.alignment is None or self.alignment.text_prefix):
            faults.append("text_dropout withholds aligned text: it needs alignment without text_prefix")
        for name, module in (("condition_module", self.condition_module), ("emo", self.emo_condition_module)):
            if module is not None and module.output_size % module.attention_heads:
                faults.append(f"{name}: output_size is not a multiple of attention_heads")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def codebook_size(self) -> int:
        """Real codes of one codebook, without start and stop."""
        return self.number_mel_codes - 2


def _kind_of(value: object) -> str:
    """Return the kind of voice that a document describes; one that names none is a UnifiedVoice's."""
    kind = value.get("kind", "unified") if isinstance(value, dict) else getattr(value, "kind", "unified")
    return str(kind)


VoiceConfig = Annotated[
    Annotated[ModelConfig, Tag("unified")] | Annotated[FlowVoiceConfig, Tag("flow")],
    Discriminator(_kind_of, "voice_kind", "there is no such kind of voice; there are: unified, flow"),
]
"""The shape of a voice of either kind."""

_VOICE_CONFIG: TypeAdapter[ModelConfig | FlowVoiceConfig] = TypeAdapter(VoiceConfig)


def read_voice_config(values: Mapping[str, JsonValue]) -> ModelConfig | FlowVoiceConfig:
    """Return the shape of a voice that a checkpoint's manifest describes.

    Raises
    ------
    ValidationError
        If it is that of neither kind.
    """
    return _VOICE_CONFIG.validate_python(dict(values))


class TrainingConfig(Document):
    """Training of a voice."""

    needs_base: bool = False
    """Whether the settings are for fine-tuning: a run without a base is refused."""
    steps: int = Field(2_000, gt=0)
    """Optimiser steps."""
    batch_frames: int = Field(2_400, gt=0)
    """Frames of one micro-batch, padding included: of codes for a UnifiedVoice, of the spectrogram for a FlowVoice."""
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
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the averaged weights, which are the ones validated and kept as best."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the forward pass; ``auto`` is bf16 where the device computes it natively."""
    valid_every: int = Field(200, gt=0)
    """Steps between validations."""
    save_every: int = Field(200, gt=0)
    """Steps between resumable checkpoints."""
    keep_checkpoints: int = Field(2, ge=1)
    """Resumable checkpoints kept; that of the best step is kept besides, if one was saved then, and the best voice."""
    patience: int = Field(0, ge=0)
    """Validations without improvement before stopping early; 0 never stops early."""
    min_improvement: float = Field(0.0, ge=0)
    """By how much the deciding loss must fall for ``training.patience`` to begin anew; the best voice is kept in any
    case."""
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
    adapter: AdapterConfig = AdapterConfig()
    """Low-rank adapters."""
    replay_share: float = Field(0.0, ge=0, lt=1)
    """Share of the utterances of an epoch that come from ``paths.replay``, against forgetting the base's language."""
    forgetting: ForgettingConfig = ForgettingConfig()
    """A watch over what the base knew, where there is a ``paths.probe``."""

    @model_validator(mode="after")
    def _check_spikes(self) -> Self:
        faults = [
            f"{name} {value:g}: a step is unusual from more than 1 times the usual on; 0 takes any"
            for name, value in (("spike_norm", self.spike_norm), ("spike_loss", self.spike_loss))
            if 0 < value <= 1
        ]
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
    paths: PathsConfig = PathsConfig()
    """Where things lie."""
    text: TextConfig = TextConfig()
    """How text is read."""
    vocabulary: VocabularyConfig = VocabularyConfig()
    """Training of a vocabulary."""
    mel_codec: MelCodecConfig = MelCodecConfig()
    """Shape of a mel codec to train."""
    codec_training: CodecTrainingConfig = CodecTrainingConfig()
    """Training of a codec."""
    vocoder: VocoderConfig = VocoderConfig()
    """Shape of a vocoder to train."""
    vocoder_training: VocoderTrainingConfig = VocoderTrainingConfig()
    """Training of a vocoder."""
    dac_codec: DacCodecConfig = DacCodecConfig()
    """Shape of a DAC to train from nothing."""
    dac_training: DacTrainingConfig = DacTrainingConfig()
    """Training of a DAC."""
    augment: AugmentConfig = AugmentConfig()
    """How the copies that `codes extract --copies` makes of training recordings are varied."""
    aligner: AlignerConfig = AlignerConfig()
    """Training of the aligner."""
    model: VoiceConfig = ModelConfig()
    """Shape of the voice, and by ``model.kind`` which kind it is of."""
    training: TrainingConfig = TrainingConfig()
    """Training of the voice."""
