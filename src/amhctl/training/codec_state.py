"""The run of a codec, vocoder or recogniser on disk: its resumable state, and what it leaves. Knows no architecture.

``checkpoints/step-N/`` are checkpoints of kind ``training``, the newest two: ``model.safetensors`` and, by the same
names as in the recipe, a file for every other network and every optimiser; ``codes.safetensors`` with the codes counted
so far, where there are codes; ``best.safetensors`` with the best weights, once there are any. Numbers stand in the
manifest under ``training``. Earlier versions kept one such checkpoint, ``state/``, from which a run continues as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic

import torch
from torch import Tensor

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.codec import soundness
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding
from amhctl.core.outputs import FolderKind
from amhctl.core.temporaries import discard
from amhctl.recogniser import soundness as recogniser_soundness
from amhctl.training.checkpoints import Checkpoints
from amhctl.training.codec_recipe import CodecRecipe, S_co, Scores
from amhctl.training.codec_use import CodebookUse

_KEPT = 2
_FORMER = "state"
CODEC_RUN = FolderKind(
    "the folder of a codec's run", "journal.jsonl", members=("state", "codec", "vocoder", "recogniser", "checkpoints")
)


@dataclass(slots=True)
class BestCodec:
    """The weights that did best on the validation clips in the latest stage."""

    step: int = 0
    stage: int = 0
    distance: float = 0.0
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def offer(self, recipe: CodecRecipe[S_co], step: int, scores: Scores) -> bool:
        """Take over the recipe's weights if they are better, or the first of a later stage; return whether they are.

        A stage against discriminators begins again: it trades some mel distance for what the ear prefers. Where the
        run's last weights are to be kept, each newer ones are taken.
        """
        stage = recipe.stage(step - 1)
        if recipe.plan.keep == "best" and self.tensors and stage == self.stage and scores.distance >= self.distance:
            return False
        self.step, self.stage, self.distance = step, stage, scores.distance
        self.tensors = {name: tensor.detach().cpu().clone() for name, tensor in recipe.stored().items()}
        return True


class CodecState(Generic[S_co]):
    """The state of one run: the recipe's weights and moments, the step reached, the best so far, the codes in use.

    Parameters
    ----------
    recipe : CodecRecipe[S_co]
        What is trained.
    folder : Path
        The run's folder.
    name : str
        Of the codec.
    licences : tuple[Licence, ...]
        Of what it is trained on.
    processing : tuple[str, ...]
        What was done to that before.
    """

    def __init__(
        self,
        recipe: CodecRecipe[S_co],
        folder: Path,
        *,
        name: str,
        licences: tuple[Licence, ...],
        processing: tuple[str, ...] = (),
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self.name = name
        self.licences = licences
        self.processing = processing
        self._check = recogniser_soundness.find_faults if recipe.plan.kind == "recogniser" else soundness.find_faults
        self.steps = Checkpoints(folder / "checkpoints", self._check)
        self.step = 0
        self.best = BestCodec()
        self.use = CodebookUse(recipe.plan.codebooks, recipe.plan.codebook_size)

    def save(self) -> None:
        """Write the state, whole or not at all."""
        networks = {name: network.state_dict() for name, network in self.recipe.networks.items()}
        extra: dict[str, Mapping[str, Tensor]] = {
            f"{name}.safetensors": tensors for name, tensors in networks.items() if name != "model"
        }
        extra |= {f"{name}.safetensors": _moments(each) for name, each in self.recipe.optimizers.items()}
        if self.use.counts_QV.numel():
            extra["codes.safetensors"] = {"counts": self.use.counts_QV}
        if self.best.tensors:
            extra["best.safetensors"] = self.best.tensors
        numbers: dict[str, object] = {
            "best": {"step": self.best.step, "stage": self.best.stage, "distance": self.best.distance},
            "shares": list(self.use.shares),
        }
        write_checkpoint(
            self.steps.place(self.step),
            manifest=self._manifest("training", step=self.step, numbers=numbers, metrics={}),
            tensors=networks["model"],
            extra_tensors=extra,
            force=True,
        )
        self.steps.prune(_KEPT, newest=self.step)
        if (self.folder / _FORMER).exists():
            discard(self.folder / _FORMER)

    def clear(self) -> None:
        """Remove what an earlier run left, and nothing else."""
        for name in ("checkpoints", _FORMER, "codec", "vocoder", "recogniser"):
            if (self.folder / name).exists():
                discard(self.folder / name)

    def resume(self) -> tuple[Finding, ...]:
        """Take up the newest undamaged state in the folder; return a finding for each newer one that is damaged.

        Raises
        ------
        TrainingError
            If the run was started with another configuration, seed or data, or there is no state.
        CheckpointError
            If every state is damaged.
        """
        sound = self.steps.newest_sound(before=(self.folder / _FORMER,))
        loaded = sound.checkpoint
        numbers = loaded.manifest.training
        if numbers.get("identity") != self.recipe.plan.identity:
            raise TrainingError(
                "the run was started with another configuration, seed or data",
                subject=str(self.folder),
                hint="repeat the command that started it, or choose another run folder",
            )
        try:
            self._restore(loaded)
        except CheckpointError:
            raise
        except (LookupError, RuntimeError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"the state does not fit the run: {next(iter(str(error).splitlines()), type(error).__name__)}",
                subject=str(loaded.folder),
                hint="copy the folder from its source again, or start again with --force",
            ) from error
        return sound.findings

    def _restore(self, loaded: LoadedCheckpoint) -> None:
        numbers = loaded.manifest.training
        for name, network in self.recipe.networks.items():
            tensors = loaded.tensors if name == "model" else loaded.read_tensors(f"{name}.safetensors")
            network.load_state_dict(tensors)
        for name, optimizer in self.recipe.optimizers.items():
            _restore_moments(optimizer, loaded.read_tensors(f"{name}.safetensors"))
        self.step = int(str(numbers["step"]))
        if self.use.counts_QV.numel():
            counts_QV = loaded.read_tensors("codes.safetensors")["counts"]
            self.use.counts_QV = _require_like(counts_QV, self.use.counts_QV)
        shares, best = numbers["shares"], numbers["best"]
        if isinstance(shares, list) and isinstance(best, dict):
            self.use.shares = tuple(float(str(share)) for share in shares)
            self.best = BestCodec(
                int(str(best["step"])), int(str(best["stage"])), float(str(best["distance"])), self.best.tensors
            )
        if "best.safetensors" in loaded.manifest.files:
            best_tensors, wanted = loaded.read_tensors("best.safetensors"), self.recipe.stored()
            self.best.tensors = {name: _require_like(best_tensors[name], wanted[name]) for name in wanted}

    def write_codec(self, metrics: dict[str, object]) -> Path:
        """Write the best weights as a checkpoint and return its folder, named like its kind."""
        folder = self.folder / self.recipe.plan.kind
        write_checkpoint(
            folder,
            manifest=self._manifest(self.recipe.plan.kind, step=self.best.step, numbers={}, metrics=metrics),
            tensors=self.best.tensors,
            derived=self.recipe.further_files,
            check=self._check,
            force=True,
        )
        return folder

    def _manifest(self, kind: str, *, step: int, numbers: dict[str, object], metrics: dict[str, object]) -> Manifest:
        plan = self.recipe.plan
        return Manifest.model_validate(
            {
                "kind": kind,
                "name": self.name,
                "model_version": plan.model_version,
                "package_version": __version__,
                "sample_rate": plan.sample_rate,
                "config": plan.shape,
                "data_fingerprint": plan.data,
                "parent": plan.base,
                "licences": [licence.model_dump() for licence in self.licences],
                "processing": list(self.processing) or None,
                "metrics": metrics,
                "training": {
                    "step": step,
                    "seed": plan.seed,
                    "identity": plan.identity,
                    "configuration": plan.training,
                    **numbers,
                },
                "files": {},
            }
        )


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{index}.{name}": value
        for index, moments in optimizer.state_dict()["state"].items()
        for name, value in moments.items()
    }


def _restore_moments(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        parameter = parameters[int(index)]
        state.setdefault(int(index), {})[name] = _require_like(value, parameter) if value.ndim else value
    document = optimizer.state_dict()
    document["state"] = state
    optimizer.load_state_dict(document)


def _require_like(tensor: Tensor, wanted: Tensor) -> Tensor:
    """Return a tensor that has the shape of what it replaces."""
    if tensor.shape != wanted.shape:
        raise ValueError(f"a tensor has shape {tuple(tensor.shape)} instead of {tuple(wanted.shape)}")
    return tensor
