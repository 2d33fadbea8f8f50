"""The numbers of a recogniser and of its training: features in, labels out. No torch."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.document import Document
from amhctl.config.mel import DEEPEST, WIDEST


class RecogniserConfig(Document):
    """A recogniser: Whisper's encoder and a linear layer to labels. The default sizes are those of Whisper tiny."""

    width: int = Field(384, gt=2, le=WIDEST, multiple_of=2)
    """Width of the transformer; a multiple of ``heads``."""
    heads: int = Field(6, gt=0, le=WIDEST)
    """Attention heads of each block."""
    blocks: int = Field(4, ge=1, le=DEEPEST)
    """Transformer blocks."""

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        return self


class RecogniserTrainingConfig(Document):
    """Training of a recogniser."""

    steps: int = Field(4_000, gt=0)
    """Optimiser steps."""
    batch_seconds: float = Field(64.0, gt=0)
    """Seconds of speech per step, padding included."""
    longest_seconds: float = Field(24.0, gt=0)
    """Longest training clip; longer ones are left out."""
    learning_rate: float = Field(4e-4, gt=0)
    """Peak of the cosine schedule for the encoder."""
    head_rate: float = Field(2e-3, gt=0)
    """Peak of the cosine schedule for the output layer, which no base has learned for Amharic."""
    warmup_steps: int = Field(150, ge=0)
    """Steps of linear warm-up."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay of matrices."""
    clip_norm: float = Field(5.0, gt=0)
    """Largest gradient norm."""
    ema_decay: float = Field(0.998, ge=0, lt=1)
    """Decay of the moving average (EMA) of the weights; the averaged weights are evaluated and kept."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Fraction of each block's outputs that a step leaves out."""
    augment: AugmentConfig = Field(
        default_factory=lambda: AugmentConfig(speed=0.12, noise_share=0.35, noise_ratios=(3.0, 30.0), room_share=0.25)
    )
    """How each clip is varied at each step."""
    time_masks: int = Field(4, ge=0)
    """Stretches of time that a step masks in each clip (SpecAugment), of up to a twentieth of it each."""
    band_masks: int = Field(2, ge=0)
    """Groups of mel bands that a step masks in each clip, of up to a fifth of them each."""
    valid_every: int = Field(200, gt=0)
    """Steps between measurements on the validation clips."""
    valid_clips: int = Field(64, gt=0)
    """Validation clips measured each time."""
    save_every: int = Field(100, gt=0)
    """Steps between resumable checkpoints."""
    keep: Literal["best", "last"] = "best"
    """Which averaged weights are the result: those with the lowest phone error rate on validation clips, or the
    last."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of the forward pass; ``auto`` is bf16 if the device supports it natively."""
