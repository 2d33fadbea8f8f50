"""An enhancer and a rater for tests: at once done, and imported by worker processes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.levels import frame_levels, signal_to_noise
from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaning import CleaningGoal

RATE = 16_000


@dataclass(frozen=True)
class Gate:
    """Turns down frames of 25 ms that are quieter than -40 dBFS; by nothing but what it hears in the frame."""

    attenuation: float | None
    name: str = "Gate"
    sample_rate: int = RATE

    @property
    def version(self) -> str:
        return f"1, at most {self.attenuation} dB"

    @property
    def fingerprint(self) -> str:
        return f"gate{self.attenuation}".ljust(64, "0")

    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        levels = np.repeat(frame_levels(Waveform(samples, RATE)), 400)
        levels = np.pad(levels, (0, max(0, samples.size - levels.size)), mode="edge")[: samples.size]
        gain = 10.0 ** (-(self.attenuation or 40.0) / 20.0)
        return np.where(levels < -40.0, samples * np.float32(gain), samples).astype(np.float32)


@dataclass(frozen=True)
class NoiseRating:
    """One mark for all, by the signal-to-noise ratio."""

    p808: float

    @property
    def overall(self) -> float:
        return self.p808


def open_gate(attenuation: float | None) -> Gate:
    return Gate(attenuation)


def rate_noise(waveform: Waveform) -> NoiseRating:
    return NoiseRating(1.0 + min(100.0, signal_to_noise(waveform)) / 25.0)


GATE_GOAL = CleaningGoal(open_gate, rate_noise, 20.0)
