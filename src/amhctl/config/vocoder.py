"""The numbers of a vocoder: spectrogram in, waveform out. No torch."""

from typing import Self

from pydantic import Field, model_validator

from amhctl.config.document import Document
from amhctl.config.mel import MelConfig


class VocoderConfig(Document):
    """A vocoder: ConvNeXt blocks over log-mel frames and an inverse STFT."""

    mel: MelConfig = MelConfig(window_samples=640, hop_samples=160, bins=80)
    """The spectrogram that it turns into sound: that of the voices that draw it."""
    width: int = Field(384, gt=0, le=65_536)
    """Channels of every block."""
    blocks: int = Field(8, ge=1, le=1_024)
    """ConvNeXt blocks."""
    synthesis_fft_samples: int = Field(640, gt=0, le=65_536, multiple_of=2)
    """Length of the inverse transform of the head; at least two hops of the spectrogram."""

    @model_validator(mode="after")
    def _check_overlap(self) -> Self:
        if self.synthesis_fft_samples < 2 * self.mel.hop_samples:
            raise ValueError("synthesis_fft_samples must be at least two hops, or samples are left without a frame")
        return self
