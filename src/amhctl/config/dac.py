"""The numbers of a DAC and of its training. No torch."""

from math import prod
from typing import Annotated, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document
from amhctl.core.units import SPEECH_LEVEL

_Rate = Annotated[int, Field(ge=2, le=1_024)]
_Width = Annotated[int, Field(ge=1, le=65_536)]


class DacCodecConfig(Document):
    """A DAC (Kumar et al. 2023): names and defaults are those of the official 24 kHz model.

    It describes a DAC that is trained from nothing; one that is adapted keeps the shape of its weights.
    """

    encoder_dim: int = Field(64, ge=1, le=65_536)
    """Channels of the encoder's first convolution; each block doubles them."""
    encoder_rates: tuple[_Rate, ...] = Field((2, 4, 5, 8), min_length=1, max_length=10)
    """Strides of the encoder's blocks; their product is the length of a frame in samples."""
    latent_dim: int = Field(1_024, ge=1, le=65_536)
    """Width of the latents."""
    decoder_dim: int = Field(1_536, ge=2, le=65_536)
    """Channels of the decoder's first convolution; each block halves them."""
    decoder_rates: tuple[_Rate, ...] = Field((8, 5, 4, 2), min_length=1, max_length=10)
    """Strides of the decoder's blocks."""
    n_codebooks: int = Field(32, ge=1, le=1_024)
    """Stages of the residual quantiser."""
    codebook_size: int = Field(1_024, ge=2, le=65_536)
    """Codes of each stage."""
    codebook_dim: _Width | tuple[_Width, ...] = 8
    """Dimension in which codes are compared: one value for all stages, or one per stage."""
    quantizer_dropout: float = Field(0.5, ge=0, le=1)
    """Fraction of training items that use only the first few stages."""
    sample_rate: int = Field(24_000, gt=0, le=768_000)
    """Samples per second."""

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
        faults = []
        if prod(self.encoder_rates) != prod(self.decoder_rates):
            faults.append("encoder_rates and decoder_rates must have the same product")
        if self.decoder_dim < 2 ** len(self.decoder_rates):
            faults.append(f"decoder_dim {self.decoder_dim} cannot be halved {len(self.decoder_rates)} times")
        if isinstance(self.codebook_dim, tuple) and len(self.codebook_dim) != self.n_codebooks:
            faults.append("codebook_dim must name one width, or one for each of n_codebooks")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def frame_samples(self) -> int:
        """Samples of one code frame."""
        return prod(self.encoder_rates)


class DacTrainingConfig(Document):
    """Training of a DAC by its package's own discriminators and losses; rates and weights are the official ones."""

    steps: int = Field(250_000, gt=0)
    """Optimiser steps."""
    batch_size: int = Field(16, gt=0)
    """Segments per step."""
    segment_seconds: float = Field(0.38, gt=0)
    """Length of a training segment."""
    learning_rate: float = Field(1e-4, gt=0)
    """Learning rate of both optimisers at the first step."""
    rate_decay: float = Field(0.999996, gt=0, le=1)
    """Factor of the learning rate from step to step."""
    mel_weight: float = Field(15.0, ge=0)
    """Weight of the multi-scale mel loss."""
    feature_weight: float = Field(2.0, ge=0)
    """Weight of the feature-matching loss."""
    adversarial_weight: float = Field(1.0, ge=0)
    """Weight of the generator loss."""
    commitment_weight: float = Field(0.25, ge=0)
    """Weight of the encoder's distance to its codes."""
    codebook_weight: float = Field(1.0, ge=0)
    """Weight of the codebook loss: the distance of codes to the encoder's output."""
    discriminator_periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    """Periods in samples of the multi-period discriminators."""
    discriminator_windows: tuple[int, ...] = (2_048, 1_024, 512)
    """Windows in samples of the multi-band spectrogram discriminators."""
    level: float = SPEECH_LEVEL
    """Speech level in dBFS to which every clip is normalised first."""
    gain_range: float = Field(6.0, ge=0)
    """Random gain of a segment in training, in dB up or down."""
    valid_every: int = Field(1_000, gt=0)
    """Steps between measurements on the validation clips."""
    valid_clips: int = Field(16, gt=0)
    """Validation clips measured each time."""
    save_every: int = Field(1_000, gt=0)
    """Steps between resumable checkpoints."""

    @model_validator(mode="after")
    def _check_discriminators(self) -> Self:
        if not self.discriminator_periods and not self.discriminator_windows:
            raise ValueError("name a discriminator, by a period or a window")
        return self
