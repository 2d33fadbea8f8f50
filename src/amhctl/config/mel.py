"""A log-mel spectrogram, in numbers; and how large any network may be. No torch."""

from typing import Self

from pydantic import Field, model_validator

from amhctl.config.document import Document

WIDEST, DEEPEST = 65_536, 1_024
"""No network is wider or deeper: what a document asks for beyond that is a mistake, not a size."""


class MelConfig(Document):
    """A log-mel spectrogram: the natural logarithm of Slaney-normalised mel magnitudes."""

    sample_rate: int = Field(16_000, gt=0, le=768_000)
    """Samples per second."""
    fft_samples: int = Field(1_024, gt=0, le=65_536)
    """Length of the Fourier transform."""
    window_samples: int = Field(1_024, gt=0)
    """Length of the Hann window."""
    hop_samples: int = Field(320, gt=0, le=65_536)
    """Samples from one frame to the next."""
    bins: int = Field(100, gt=0, le=1_024)
    """Mel bins."""
    low_hertz: float = Field(0.0, ge=0)
    """Lower edge of the first bin."""
    high_hertz: float = Field(8_000.0, gt=0)
    """Upper edge of the last bin."""

    @model_validator(mode="after")
    def _check_band(self) -> Self:
        if not self.low_hertz < self.high_hertz <= self.sample_rate / 2:
            raise ValueError("high_hertz must not be above half the sample rate")
        if self.window_samples > self.fft_samples:
            raise ValueError("the window is longer than the Fourier transform")
        return self
