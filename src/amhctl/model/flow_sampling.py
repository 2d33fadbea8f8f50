"""Drawing with a FlowVoice: prosody and spectrogram, from noise, in a few steps. Pure functions of noise and text.

Shapes: as in ``flow_voice``.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from amhctl.core.errors import OptionError
from amhctl.model.flow_voice import EncodedText, FlowVoice, Score

_MOST_STEPS = 100
# Far beyond, a spectrogram is noise.
_MOST_GUIDANCE = 10.0


@dataclass(frozen=True, slots=True)
class FlowSampling:
    """How a spectrogram is drawn.

    Attributes
    ----------
    steps : int
        Steps from noise to spectrogram.
    guidance : float
        How far to go beyond what the text adds to the velocity (Ho and Salimans 2022, arXiv 2207.12598); 0 follows the
        text alone and costs half.
    noise : float
        Deviation of the noise it starts from, where training has 1: less is plainer.
    prosody_noise : float
        The same for durations, pitch and energy; 0 gives their likeliest course.
    """

    steps: int = 6
    guidance: float = 1.0
    noise: float = 0.7
    prosody_noise: float = 0.6

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        OptionError
            If a value lies outside its range.
        """
        if not 1 <= self.steps <= _MOST_STEPS:
            raise OptionError(f"{self.steps} steps are not between 1 and {_MOST_STEPS}", subject="--steps")
        if not 0.0 <= self.guidance <= _MOST_GUIDANCE:
            raise OptionError(
                f"guidance {self.guidance:g} is not between 0 and {_MOST_GUIDANCE:g}", subject="--guidance"
            )


def draw_prosody(model: FlowVoice, text: EncodedText, noise_BP3: Tensor, steps: int) -> Tensor:
    """Return standardised prosody of each piece, shape (B, P, 3), by Euler's method from noise."""
    drawn_BP3 = noise_BP3 * text.keep_BP[..., None]
    for begin, end in _times(steps):
        times_B = drawn_BP3.new_full((len(drawn_BP3),), begin)
        drawn_BP3 = drawn_BP3 + (end - begin) * model.prosody_velocity(drawn_BP3, times_B, text)
    return drawn_BP3


def draw_mel(
    model: FlowVoice, score: Score, noise_BMX: Tensor, *, steps: int, guidance: float, silent: Score | None = None
) -> Tensor:
    """Return log-mel frames, shape (B, M * stacked_frames, F), by Euler's method from noise.

    Parameters
    ----------
    model : FlowVoice
        The voice.
    score : Score
        What to draw.
    noise_BMX : Tensor
        What to start from.
    steps : int
        How many.
    guidance : float
        See ``FlowSampling``.
    silent : Score | None
        The same with the text withheld; needed for guidance.
    """
    drawn_BMX = noise_BMX * score.keep_BM[..., None]
    for begin, end in _times(steps):
        times_B = drawn_BMX.new_full((len(drawn_BMX),), begin)
        velocity_BMX = model.velocity(drawn_BMX, times_B, score)
        if guidance and silent is not None:
            unguided_BMX = model.velocity(drawn_BMX, times_B, silent)
            velocity_BMX = velocity_BMX + guidance * (velocity_BMX - unguided_BMX)
        drawn_BMX = drawn_BMX + (end - begin) * velocity_BMX
    return model.unstack(drawn_BMX)


def settle_durations(expected_BP: Tensor, drawn_BP: Tensor, keep_BP: Tensor, speed: float) -> Tensor:
    """Return whole frames of each piece, shape (B, P), int64: the drawn proportions, at the expected total length.

    Parameters
    ----------
    expected_BP : Tensor
        Expected frames of each piece, whose sums are right on average.
    drawn_BP : Tensor
        Drawn frames of each piece, whose spread is natural.
    keep_BP : Tensor
        Which pieces are real.
    speed : float
        How much faster than expected.
    """
    expected_BP, drawn_BP = expected_BP * keep_BP, drawn_BP * keep_BP
    scale_B1 = expected_BP.sum(1, keepdim=True) / drawn_BP.sum(1, keepdim=True).clamp(min=1e-6) / speed
    ends_BP = (drawn_BP * scale_B1).cumsum(1).round().long()
    durations_BP = torch.diff(ends_BP, dim=1, prepend=ends_BP.new_zeros((len(ends_BP), 1)))
    return durations_BP.clamp(min=0) * keep_BP


def _times(steps: int) -> list[tuple[float, float]]:
    """Return begin and end of each step: short ones near the noise, where the velocity changes most."""
    times = [1.0 - math.cos(0.5 * math.pi * step / steps) for step in range(steps + 1)]
    return list(pairwise(times))
