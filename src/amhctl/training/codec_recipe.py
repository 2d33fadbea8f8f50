"""What the loop of codec training asks of an architecture: a step, a reconstruction, weights to keep; and its scores.

Knows no architecture.

Implementations: ``MelRecipe``, ``DacRecipe``, ``VocoderRecipe``.

Shapes: ``B segments, N samples, S frames, Q codebooks``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amhctl.audio.intelligibility import intelligibility
from amhctl.core.errors import TrainingError
from amhctl.core.files import sha256_of_json


@dataclass(frozen=True, slots=True)
class CodecPlan:
    """The numbers of a run that do not depend on the architecture, and those that identify it.

    Attributes
    ----------
    model_version : str
        Version of the architecture.
    shape, training : dict[str, object]
        Configuration of the network and of the run, as JSON.
    sample_rate, frame_samples, codebooks, codebook_size : int
        As in ``CodecSpec``; a vocoder has no codebooks.
    steps, valid_every, valid_clips, save_every : int
        How long, and how often what is done.
    seed : int
        Of every random choice.
    data : str
        Fingerprint of the material.
    base : str
        Fingerprint of the weights that are adapted; empty for a codec that is trained from nothing.
    kind : Literal["codec", "vocoder"]
        What the run leaves.
    keep : Literal["best", "last"]
        Which weights it leaves: those that did best on the validation clips in the last stage, or those of its end.
    """

    model_version: str
    shape: dict[str, object]
    training: dict[str, object]
    sample_rate: int
    frame_samples: int
    codebooks: int
    codebook_size: int
    steps: int
    valid_every: int
    valid_clips: int
    save_every: int
    seed: int
    data: str
    base: str = ""
    kind: Literal["codec", "vocoder"] = "codec"
    keep: Literal["best", "last"] = "best"

    @property
    def identity(self) -> str:
        """A digest of all that a continued run must share with the run it continues."""
        parts = {"shape": self.shape, "training": self.training, "data": self.data, "seed": self.seed}
        return sha256_of_json(parts | ({"base": self.base} if self.base else {}))


@dataclass(frozen=True, slots=True)
class StepResult:
    """One optimiser step: its values for the journal, and the codes it met, shape (B, S, Q), if any."""

    values: dict[str, float]
    codes_BSQ: Tensor | None


@dataclass(frozen=True, slots=True)
class CodecScores:
    """Measurements on validation clips.

    Attributes
    ----------
    mel_distance : float
        Mean absolute difference of natural log-mel spectrograms (100 bins unless the codec's own mel has others).
    stoi : float | None
        Short-time objective intelligibility against the original; None if no clip has enough speech for it.
    usage : tuple[float, ...]
        Fraction of each codebook's codes that occur.
    """

    mel_distance: float
    stoi: float | None
    usage: tuple[float, ...]

    def describe_stoi(self) -> str:
        """Return the intelligibility for people."""
        return "STOI unknown" if self.stoi is None else f"STOI {self.stoi:.3f}"


class CodecRecipe(Protocol):
    """An architecture in training."""

    @property
    def plan(self) -> CodecPlan:
        """The run's numbers."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights; ``model`` is the codec itself."""
        ...

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """Everything with moments."""
        ...

    def stage(self, step: int) -> int:
        """Return the stage in which the step lies; 0 has no codes yet, and each later one seeks its own best."""
        ...

    def advance(self, step: int) -> StepResult:
        """Take a step, counted from 0: a pure function of the seed, the step and the state."""
        ...

    def reconstruct(self, samples_1N: Tensor) -> tuple[Tensor, Tensor]:
        """Return the samples, shape (1, N), and the codes, shape (S, Q), of a whole number of frames; Q may be 0."""
        ...

    def log_mel(self, samples_1N: Tensor) -> Tensor:
        """Return the spectrogram by which reconstructions are measured."""
        ...

    def stored(self) -> dict[str, Tensor]:
        """Return what the codec's checkpoint holds."""
        ...

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the model, to measure it as it will be loaded; training cannot continue from them."""
        ...


@torch.inference_mode()
def measure(recipe: CodecRecipe, clips: Sequence[NDArray[np.float32]]) -> CodecScores:
    """Return how well the codec reproduces clips; its model is left in evaluation mode.

    A clip that has no whole frame of codes, or too little speech, is left out of what cannot be measured on it.

    Raises
    ------
    TrainingError
        If no clip has a whole frame.
    """
    plan = recipe.plan
    recipe.networks["model"].eval()
    distances: list[float] = []
    understood: list[float] = []
    seen: list[set[int]] = [set() for _ in range(plan.codebooks)]
    for clip in clips:
        size = clip.size // plan.frame_samples * plan.frame_samples
        if not size:
            continue
        original = torch.from_numpy(clip[None, :size])
        output, codes_SQ = recipe.reconstruct(original)
        distances.append(float((recipe.log_mel(output) - recipe.log_mel(original)).abs().mean()))
        score = intelligibility(clip[:size], output[0].cpu().numpy(), plan.sample_rate)
        understood += [] if score is None else [score]
        for book, codes in enumerate(codes_SQ.T.tolist()):
            seen[book].update(codes)
    usage = tuple(len(codes) / plan.codebook_size for codes in seen)
    if not distances:
        raise TrainingError("no validation clip is as long as a frame of codes", hint="validate with longer clips")
    return CodecScores(float(np.mean(distances)), float(np.mean(understood)) if understood else None, usage)
