"""The numbers of augmentation: how recordings are varied for training. No torch."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from amhctl.config.document import Document


class AugmentConfig(Document):
    """Changes of training recordings before they are encoded: each strength is a range; 0 changes nothing."""

    speed: float = Field(0.0, ge=0, lt=0.5)
    """Largest random change of speed, which changes the pitch too: 0.1 is a factor from 0.9 to 1.1."""
    semitones: float = Field(0.0, ge=0, le=12)
    """Largest random pitch shift in semitones; the length does not change."""
    noise_share: float = Field(0.0, ge=0, le=1)
    """Fraction of copies to which noise is added."""
    noise_ratios: tuple[float, float] = (10.0, 30.0)
    """Lowest and highest signal-to-noise ratio in dB."""
    room_share: float = Field(0.0, ge=0, le=1)
    """Fraction of copies with room reverberation."""
    room_decays: tuple[float, float] = (0.1, 0.5)
    """Shortest and longest reverberation time (60 dB) in seconds of a synthetic room."""
    rooms: Path | None = None
    """Folder of room impulse responses (.wav), used instead of synthetic rooms; in ``amhctl.toml`` relative to it."""

    @property
    def changes_anything(self) -> bool:
        """Whether any strength is above 0."""
        return any((self.speed, self.semitones, self.noise_share, self.room_share))

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        faults = []
        if not self.noise_ratios[0] <= self.noise_ratios[1]:
            faults.append("noise_ratios must be in ascending order")
        if not 0 < self.room_decays[0] <= self.room_decays[1]:
            faults.append("room_decays must be positive and in ascending order")
        if faults:
            raise ValueError("; ".join(faults))
        return self
