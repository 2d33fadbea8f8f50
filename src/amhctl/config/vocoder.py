"""The numbers of a vocoder and of its training: spectrogram in, waveform out. No torch."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.document import Document
from amhctl.config.mel import DEEPEST, WIDEST, MelConfig
from amhctl.core.units import SPEECH_LEVEL

_Period = Annotated[int, Field(ge=2, le=1_000)]
_Window = Annotated[int, Field(ge=16, le=65_536)]


class VocoderConfig(Document):
    """A vocoder: ConvNeXt blocks over log-mel frames and an inverse STFT."""

    mel: MelConfig = Field(default_factory=lambda: AcousticsConfig().mel)
    """The spectrogram that it turns into sound: that of the voices that draw it."""
    width: int = Field(384, gt=0, le=WIDEST)
    """Channels of every block."""
    blocks: int = Field(8, ge=1, le=DEEPEST)
    """ConvNeXt blocks."""
    synthesis_fft_samples: int = Field(640, gt=0, le=65_536, multiple_of=2)
    """Length of the inverse transform of the head; at least two hops of the spectrogram."""

    @model_validator(mode="after")
    def _check_overlap(self) -> Self:
        if self.synthesis_fft_samples < 2 * self.mel.hop_samples:
            raise ValueError("synthesis_fft_samples must be at least two hops, or some samples are in no frame")
        return self


class VocoderTrainingConfig(Document):
    """Training of a vocoder."""

    steps: int = Field(20_000, gt=0)
    """Optimiser steps."""
    batch_size: int = Field(16, gt=0)
    """Segments per step."""
    segment_seconds: float = Field(0.6, gt=0)
    """Length of a training segment."""
    learning_rate: float = Field(5e-4, gt=0)
    """Peak of the cosine schedule."""
    warmup_steps: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay of matrices."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the moving average (EMA) of the weights; the averaged weights are evaluated and kept."""
    level: float = SPEECH_LEVEL
    """Speech level in dBFS to which every clip is normalised first."""
    gain_range: float = Field(6.0, ge=0)
    """Random gain of a segment in training, in dB up or down."""
    blur: float = Field(0.0, ge=0, le=1)
    """Fraction of segments whose spectrogram is smoothed in time and frequency, by a random amount: spectrograms of
    a voice are smoother than those of recordings."""
    mel_noise: float = Field(0.0, ge=0)
    """Largest standard deviation of the noise added to a segment's spectrogram, in natural log units."""
    valid_every: int = Field(500, gt=0)
    """Steps between measurements on the validation clips."""
    valid_clips: int = Field(16, gt=0)
    """Validation clips measured each time."""
    save_every: int = Field(500, gt=0)
    """Steps between resumable checkpoints."""
    keep: Literal["best", "last"] = "best"
    """Which averaged weights are the result: those with the lowest mel distance on validation clips in the last
    stage, or those at the end; adversarial training improves perceived quality at the cost of some mel distance."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of the forward pass; ``auto`` is bf16 if the device supports it natively."""
    adversarial_steps: int = Field(15_000, ge=0)
    """Number of steps at the end of the run with discriminators (adversarial training); 0 for none."""
    discriminator_steps: int = Field(500, ge=0)
    """Steps before ``adversarial_steps`` in which only the discriminators are trained."""
    adversarial_weight: float = Field(0.5, ge=0)
    """Gradient norm of the generator loss, as a fraction of that of the log-mel distance."""
    feature_weight: float = Field(0.5, ge=0)
    """Gradient norm of the feature-matching loss, as a fraction of that of the log-mel distance."""
    discriminator_rate: float = Field(1e-3, gt=0)
    """Learning rate of the discriminators."""
    discriminator_width: int = Field(16, gt=0)
    """Channels of the discriminators' first layer; the later ones have up to eight times as many."""
    discriminator_periods: tuple[_Period, ...] = (2, 3, 5, 7, 11)
    """Periods in samples, one discriminator each."""
    discriminator_windows: tuple[_Window, ...] = (256, 512, 1_024)
    """Windows in samples of the spectrograms, one discriminator each."""

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if self.adversarial_steps and self.adversarial_steps + self.discriminator_steps > self.steps:
            raise ValueError("adversarial_steps and discriminator_steps together are more than steps")
        if self.adversarial_steps and not (self.discriminator_periods or self.discriminator_windows):
            raise ValueError("adversarial_steps needs a discriminator: name a period or a window")
        return self
