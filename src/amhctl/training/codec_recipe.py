"""What the loop of codec training asks of an architecture: a step, a measurement, weights to keep; and codec scores.

Knows no architecture.

Implementations: ``MelRecipe``, ``DacRecipe``, ``VocoderRecipe``; and, without a reconstruction, ``RecogniserRecipe``.

Shapes: ``B segments, N samples, S frames, Q codebooks``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

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
    kind : Literal["codec", "vocoder", "recogniser"]
        What the run leaves.
    loss : str
        Which value of a step shows people how the training goes.
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
    kind: Literal["codec", "vocoder", "recogniser"] = "codec"
    loss: str = "mel"
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


class Scores(Protocol):
    """Measurements on validation clips."""

    @property
    def distance(self) -> float:
        """What decides which weights are kept: the lowest."""
        ...

    def entry(self) -> dict[str, object]:
        """Return the measurements for the journal."""
        ...

    def metrics(self) -> dict[str, object]:
        """Return the measurements for the manifest."""
        ...

    def describe(self, note: str = "") -> str:
        """Return the measurements for people; the note comes after the first."""
        ...


S_co = TypeVar("S_co", bound=Scores, covariant=True)


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
    clips : int
        How many clips were measured.
    """

    mel_distance: float
    stoi: float | None
    usage: tuple[float, ...]
    clips: int = 0

    @property
    def distance(self) -> float:
        """The mel distance: the weights with the lowest are kept."""
        return self.mel_distance

    def entry(self) -> dict[str, object]:
        """Return the measurements for the journal."""
        return {"valid_mel": self.mel_distance, "valid_stoi": self.stoi, "usage": self.usage}

    def metrics(self) -> dict[str, object]:
        """Return the measurements for the manifest."""
        usage = list(self.usage)
        return {"mel_distance": self.mel_distance, "stoi": self.stoi, "codebook_usage": usage, "clips": self.clips}

    def describe(self, note: str = "") -> str:
        """Return the measurements for people; the note comes after the mel distance."""
        usage = f", codes in use {', '.join(f'{share:.0%}' for share in self.usage)}" if self.usage else ""
        return f"held-out mel distance {self.mel_distance:.4f}{note}, {self.describe_stoi()}{usage}"

    def describe_stoi(self) -> str:
        """Return the intelligibility for people."""
        return "STOI unknown" if self.stoi is None else f"STOI {self.stoi:.3f}"


class CodecRecipe(Protocol[S_co]):
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

    def measure(self, limit: int | None = None) -> S_co:
        """Return how the weights that would be stored do on so many validation clips; None for all of them."""
        ...

    def stored(self) -> dict[str, Tensor]:
        """Return what the codec's checkpoint holds."""
        ...

    def further_files(self, weights: Path) -> Mapping[str, bytes]:
        """Return the files that go beside a weights file that was just written, by name."""
        ...

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the model, to measure it as it will be loaded; training cannot continue from them."""
        ...


class Reconstruction(Protocol):
    """What is measured of a codec or vocoder in training."""

    @property
    def plan(self) -> CodecPlan:
        """The run's numbers."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights; ``model`` is the codec itself."""
        ...

    def reconstruct(self, samples_1N: Tensor) -> tuple[Tensor, Tensor]:
        """Return the samples, shape (1, N), and the codes, shape (S, Q), of a whole number of frames; Q may be 0."""
        ...

    def log_mel(self, samples_1N: Tensor) -> Tensor:
        """Return the spectrogram by which reconstructions are measured."""
        ...


@torch.inference_mode()
def measure(recipe: Reconstruction, clips: Sequence[NDArray[np.float32]]) -> CodecScores:
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
    stoi = float(np.mean(understood)) if understood else None
    return CodecScores(float(np.mean(distances)), stoi, usage, len(distances))
