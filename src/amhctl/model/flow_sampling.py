"""Drawing with a FlowVoice: prosody and spectrogram, from noise, in a few steps. Pure functions of noise and text.

Knows no torch: the network is anything that computes, PyTorch (``flow_on_torch``) or graphs (``flow_on_onnx``).

Shapes: of one utterance: ``P text pieces, M steps, X mel values of a step, F mel bins, T frames, E speaker width``.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import OptionError
from amhctl.model.mel_sharpening import MOST_SHARPNESS

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
PROSODY = 3
"""What is drawn of each piece: the logarithms of its duration in frames, its pitch in hertz and its energy."""
ScoreT = TypeVar("ScoreT")
_MOST_STEPS = 100
# Far beyond, a spectrogram is noise.
_MOST_GUIDANCE = 10.0
_USUAL_GUIDANCE = 1.0


@dataclass(frozen=True, slots=True)
class FlowSampling:
    """How a spectrogram is generated.

    Attributes
    ----------
    steps : int
        Steps from noise to spectrogram.
    guidance : float | None
        How far to go beyond what the text adds to the velocity (Ho and Salimans 2022, arXiv 2207.12598), save what it
        adds to the mean of each bin; 0 follows the text alone and costs half. None is 1, and 0 for a voice whose
        velocities have learnt it (``FlowVoiceConfig.distilled_guidance``).
    noise : float
        Deviation of the noise it starts from, where training has 1: less is plainer.
    prosody_noise : float
        The same for durations, pitch and energy; 0 gives their likeliest course.
    sharpness : float
        How much the spectrogram is sharpened (``mel_sharpening``), from 0, which leaves it as it is, to 3.
    """

    steps: int = 3
    guidance: float | None = None
    noise: float = 0.7
    prosody_noise: float = 0.6
    sharpness: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        OptionError
            If a value is outside its range.
        """
        if not 1 <= self.steps <= _MOST_STEPS:
            raise OptionError(f"{self.steps} steps are not between 1 and {_MOST_STEPS}", subject="--steps")
        if self.guidance is not None and not 0.0 <= self.guidance <= _MOST_GUIDANCE:
            raise OptionError(
                f"guidance {self.guidance:g} is not between 0 and {_MOST_GUIDANCE:g}", subject="--guidance"
            )
        if not 0.0 <= self.sharpness <= MOST_SHARPNESS:
            raise OptionError(
                f"sharpness {self.sharpness:g} is not between 0 and {MOST_SHARPNESS:g}", subject="sharpness"
            )

    def guidance_for(self, shape: FlowVoiceConfig) -> float:
        """Return the guidance that a voice of a shape is drawn with."""
        if self.guidance is not None:
            return self.guidance
        return 0.0 if shape.distilled_guidance else _USUAL_GUIDANCE


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and deviation of values that a network sees standardised, shape (F,) each."""

    mean: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ReadText:
    """Text pieces that a network has read for a speaker.

    Attributes
    ----------
    log_durations_P : Floats
        log(1 + expected frames) of each piece.
    hidden : Any
        What the network knows of them, in its own form.
    """

    log_durations_P: Floats
    hidden: Any


class FlowNetwork(Protocol[ScoreT]):
    """A FlowVoice that computes, of one utterance at a time."""

    @property
    def config(self) -> FlowVoiceConfig:
        """Its shape."""
        ...

    @property
    def mel_scale(self) -> Scale:
        """Of log-mel values, shape (F,)."""
        ...

    @property
    def prosody_scale(self) -> Scale:
        """Of log duration, log pitch and log energy, shape (3,)."""
        ...

    def read(self, ids_P: Integers, speaker_E: Floats) -> ReadText:
        """Read text pieces for a speaker."""
        ...

    def prosody_velocity(self, noisy_P3: Floats, time: float, text: ReadText) -> Floats:
        """Return the velocity of the standardised prosody, shape (P, 3)."""
        ...

    def score(
        self, text: ReadText, durations_P: Integers, noise: float, *, prosody_P2: Floats | None, drop_text: bool
    ) -> ScoreT:
        """Lay a text over the steps, as ``FlowVoice.score`` does; in the network's own form."""
        ...

    def velocities(self, noisy_MX: Floats, time: float, scores: tuple[ScoreT, ...]) -> list[Floats]:
        """Return the velocity of the standardised, stacked spectrogram for each score, shape (M, X)."""
        ...


def sample_prosody(network: FlowNetwork[ScoreT], text: ReadText, noise_P3: Floats, steps: int) -> Floats:
    """Return standardised prosody of each piece, shape (P, 3), by Euler's method from noise."""
    sampled_P3 = noise_P3
    for begin, end in _times(steps):
        sampled_P3 = sampled_P3 + np.float32(end - begin) * network.prosody_velocity(sampled_P3, begin, text)
    return sampled_P3


def sample_mel(
    network: FlowNetwork[ScoreT],
    score: ScoreT,
    noise_MX: Floats,
    *,
    steps: int,
    guidance: float,
    silent: ScoreT | None = None,
) -> Floats:
    """Return log-mel frames, shape (M * stacked_frames, F), by Euler's method from noise.

    Parameters
    ----------
    network : FlowNetwork[ScoreT]
        The voice.
    score : ScoreT
        What to draw, from ``network.score``.
    noise_MX : Floats
        What to start from.
    steps : int
        How many.
    guidance : float
        See ``FlowSampling``.
    silent : ScoreT | None
        The same with the text dropped; needed for guidance.
    """
    scores = (score, silent) if guidance and silent is not None else (score,)
    sampled_MX, bins = noise_MX, network.mel_scale.mean.size
    for begin, end in _times(steps):
        velocity_MX, *unguided = network.velocities(sampled_MX, begin, scores)
        if unguided:
            velocity_MX = velocity_MX + np.float32(guidance) * _without_mean(velocity_MX - unguided[0], bins)
        sampled_MX = sampled_MX + np.float32(end - begin) * velocity_MX
    scale = network.mel_scale
    return sampled_MX.reshape(-1, scale.mean.size) * scale.deviation + scale.mean


def settle_durations(drawn_P: Floats, total: float, fewest: int = 0) -> Integers:
    """Return whole frames of each piece, shape (P,): the drawn proportions at a total, each with ``fewest`` at least.

    What pieces that cannot be shorter have too much is taken from the others, in proportion to their frames, so that
    the total is right; only where none is left is it longer.

    Parameters
    ----------
    drawn_P : Floats
        Frames of each piece, whose spread is natural.
    total : float
        Frames of all of them together, right on average.
    fewest : int
        Frames of a piece at least.
    """
    frames_P = drawn_P.astype(np.float64)
    wanted = max(round(total), fewest * frames_P.size)
    free_P = np.ones(frames_P.size, dtype=np.bool_)
    while True:
        left = wanted - fewest * int((~free_P).sum())
        scaled_P = np.where(free_P, frames_P * (left / max(float(frames_P[free_P].sum()), 1e-6)), fewest)
        short_P = scaled_P < fewest
        if not short_P.any():
            # Half a frame up, always: so that a piece of whole frames keeps them wherever it begins.
            ends_P = np.floor(np.cumsum(scaled_P) + 0.5).astype(np.int64)
            return np.diff(ends_P, prepend=0)
        free_P &= ~short_P


def expected_frames(log_durations_P: Floats) -> Floats:
    """Return the frames of each piece that a network expects, shape (P,)."""
    frames_P: Floats = np.maximum(np.exp(log_durations_P) - np.float32(1.0), np.float32(0.0))
    return frames_P


def between_silences(silent_P: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pieces are between the first and the last that is not silent, all where none is, shape (P,).

    Parameters
    ----------
    silent_P : NDArray[np.bool_]
        Which pieces are word boundaries or marks.
    """
    heard = np.flatnonzero(~silent_P)
    inner_P = np.ones(silent_P.size, dtype=np.bool_)
    if heard.size:
        inner_P[: heard[0]] = inner_P[heard[-1] + 1 :] = False
    return inner_P


def _without_mean(velocity_MX: Floats, bins: int) -> Floats:
    """Return a velocity less its mean over the frames, bin by bin.

    Guidance then sharpens what is said and leaves the spectrum of the whole as the voice has it: speech lies above what
    is between it, so that without this its high bins come out 3 to 6 dB too loud.
    """
    frames_TF = velocity_MX.reshape(-1, bins)
    apart: Floats = (frames_TF - frames_TF.mean(axis=0)).reshape(velocity_MX.shape)
    return apart


def _times(steps: int) -> list[tuple[float, float]]:
    """Return begin and end of each step: short ones near the noise, where the velocity changes most."""
    times = [1.0 - math.cos(0.5 * math.pi * step / steps) for step in range(steps + 1)]
    return list(pairwise(times))
