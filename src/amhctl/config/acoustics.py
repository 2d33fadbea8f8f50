"""What is measured of a recording for a FlowVoice: log-mel, pitch and speaker. No torch.

A code store, a FlowVoice and a vocoder name it in full, so that parts that do not belong together are refused.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document
from amhctl.config.mel import MelConfig


class AcousticsConfig(Document):
    """Log-mel frames with the pitch at their centres. A waveform of N samples has ``ceil(N / hop)`` frames."""

    mel: MelConfig = Field(default_factory=lambda: MelConfig(window_samples=640, hop_samples=160, bins=80))
    """The spectrogram, which a vocoder of the same one turns into sound."""
    pitch_floor: float = Field(60.0, ge=20)
    """Lowest pitch that is searched, in hertz."""
    pitch_ceiling: float = Field(500.0, le=2_000)
    """Highest pitch that is searched, in hertz."""

    @model_validator(mode="after")
    def _check_pitch(self) -> Self:
        if not self.pitch_floor < self.pitch_ceiling <= self.mel.sample_rate / 4:
            raise ValueError(
                "pitch_floor must be below pitch_ceiling, and pitch_ceiling below a quarter of the sample rate"
            )
        return self

    @property
    def width(self) -> int:
        """Numbers of a frame: the mel bins, and the pitch."""
        return self.mel.bins + 1

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.mel.sample_rate / self.mel.hop_samples

    def frames_of(self, samples: int) -> int:
        """Return how many frames a waveform of ``samples`` samples has."""
        return -(-samples // self.mel.hop_samples)


class SpeakerEncoderConfig(Document):
    """What maps a clip to a point on the unit sphere, where clips of one speaker lie close together."""

    encoder: Literal["resemblyzer"] = "resemblyzer"
    """Its name."""
    width: int = Field(256, gt=0)
    """How many numbers a speaker embedding has."""
    fingerprint: str
    """SHA-256 over its weights."""
