"""The numbers of the bundled codec and of its training. No torch."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document
from amhctl.config.mel import DEEPEST, WIDEST, MelConfig
from amhctl.core.units import SPEECH_LEVEL

_Layers = Annotated[int, Field(ge=0, le=DEEPEST)]


class MelCodecConfig(Document):
    """The bundled codec: log-mel, ConvNeXt encoder, residual quantiser, ConvNeXt decoder, inverse STFT."""

    mel: MelConfig = Field(default_factory=MelConfig)
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
    """Segments per step."""
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
    """First steps without the quantiser, so that k-means initialises the codebooks from trained latents."""
    commitment_weight: float = Field(0.25, ge=0)
    """Weight of the encoder's distance to its codes."""
    keep_codes: bool = False
    """With ``--base``, train only the decoder: stores and voices made with the base stay usable."""
    fewer_codebooks_share: float = Field(0.0, ge=0, le=1)
    """Fraction of segments decoded from fewer codebooks (a random number), for voices that predict only some."""
    level: float = SPEECH_LEVEL
    """Speech level in dBFS to which every clip is normalised first."""
    gain_range: float = Field(6.0, ge=0)
    """Random gain of a segment in training, in dB up or down."""
    valid_every: int = Field(250, gt=0)
    """Steps between measurements on the validation clips."""
    valid_clips: int = Field(16, gt=0)
    """Validation clips measured each time."""
    save_every: int = Field(250, gt=0)
    """Steps between resumable checkpoints."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of the forward pass; ``auto`` is bf16 if the device supports it natively."""
    adversarial_steps: int = Field(0, ge=0)
    """Number of steps at the end of the run with discriminators (adversarial training); 0 for none."""
    adversarial_weight: float = Field(0.07, ge=0)
    """Weight of the generator loss, relative to a log-mel distance of weight 1."""
    feature_weight: float = Field(0.13, ge=0)
    """Weight of the feature-matching loss."""
    discriminator_rate: float = Field(2e-4, gt=0)
    """Learning rate of the discriminators."""
    discriminator_width: int = Field(8, gt=0)
    """Channels of the discriminators' first layer; the later ones have up to eight times as many."""

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if self.adversarial_steps + self.unquantised_steps > self.steps and self.adversarial_steps:
            raise ValueError("adversarial_steps and unquantised_steps together are more than steps")
        return self
