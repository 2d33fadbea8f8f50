"""The shape of a UnifiedVoice: from text pieces and a prompt to codes. No torch."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document
from amhctl.config.mel import DEEPEST, WIDEST


class ConformerConfig(Document):
    """A conditioning encoder and the perceiver after it (spec: conformer_perceiver)."""

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
    """Whether the text also comes before the codes in the sequence, as in the official layout."""


class ModelConfig(Document):
    """UnifiedVoice. The defaults are the official IndexTTS-2 shape; names are those of its configuration."""

    kind: Literal["unified"] = "unified"
    """Kind of voice."""
    model_dim: int = Field(1_280, gt=0, le=WIDEST)
    """Width of the transformer."""
    layers: int = Field(24, gt=0, le=DEEPEST)
    """Transformer blocks."""
    heads: int = Field(20, gt=0, le=DEEPEST)
    """Attention heads."""
    max_text_tokens: int = Field(600, gt=0, le=1_000_000)
    """Longest text in pieces, without the two special ones."""
    max_mel_tokens: int = Field(1_815, gt=0, le=1_000_000)
    """Longest code sequence, in frames, without specials."""
    number_text_tokens: int = Field(12_000, gt=2, le=2_000_000)
    """Number of pieces of the vocabulary; the embedding has one row more, as in the official file."""
    start_text_token: int = 0
    """Id at the start of a text."""
    stop_text_token: int = 1
    """Id at the end of a text."""
    number_mel_codes: int = Field(8_194, gt=2, le=65_538)
    """Number of codes of one codebook, with the two special ones."""
    start_mel_token: int = 8_192
    """Code at the start of a stream."""
    stop_mel_token: int = 8_193
    """Code at the end of a stream."""
    codebooks: int = Field(1, ge=1, le=1_024)
    """Codes per frame, the first of the codec's codebooks; stream q is delayed by q positions."""
    condition_dim: int = Field(1_024, ge=8, le=WIDEST)
    """Width of the conditioning features."""
    condition_num_latent: int = Field(32, gt=0, le=WIDEST)
    """Speaker latents before the text."""
    condition_type: Literal["conformer_perceiver"] = "conformer_perceiver"
    """Architecture of the conditioning encoders."""
    condition_module: ConformerConfig = Field(default_factory=ConformerConfig)
    """The speaker encoder."""
    emo_condition_module: ConformerConfig | None = Field(
        default_factory=lambda: ConformerConfig(linear_units=1_024, attention_heads=4, num_blocks=4)
    )
    """The emotion encoder; without one, the emotion vector is zero."""
    emo_dim: int = Field(1_024, gt=0, le=WIDEST)
    """Width of the emotion perceiver."""
    condition_norms: bool = False
    """Subtract the mean prompt from prompts, and normalise before each layer of the perceivers. Off in the official
    layout; a voice trained from scratch needs it against speaker collapse."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout of embeddings, attention and residuals in training."""
    text_dropout: float = Field(0.0, ge=0, lt=1)
    """Fraction of training items whose aligned text is dropped; classifier-free guidance needs it."""
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
                faults.append(f"{name} {token} is not a row of the text embedding")
        if self.text_dropout and (self.alignment is None or self.alignment.text_prefix):
            faults.append("text_dropout drops aligned text: it needs alignment without text_prefix")
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
