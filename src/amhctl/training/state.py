"""The state of a run on disk: all that is needed to continue as if nothing had happened.

A run folder::

    config.json          the configuration and the source of each value
    journal.jsonl        what was measured (see ``journal``)
    tensorboard/         the same for TensorBoard
    checkpoints/step-N/  training checkpoints of kind ``training``, the newest few
    best/                the best averaged weights so far, a complete voice

A training checkpoint holds ``model.safetensors`` (weights), ``average.safetensors`` (their moving average),
``optimizer.safetensors`` (``<parameter>/<slot>``), ``random.safetensors`` (generators; only for completeness, since
every random choice is derived from seed and step) and ``state.json`` (``RunState``). One of adapters has their terms in
``adapter.safetensors`` and ``adapter_average.safetensors``, the weights of the adapted layers being those of the base,
and with AdaLoRA what its budget of ranks follows from in ``allocation.safetensors``. A run that sets speaker and
emotion apart has its speaker classifier, which is no part of the voice, in ``speaker_classifier.safetensors``.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.parts import read_json, read_part
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.config.document import Document
from amhctl.core.errors import CheckpointError
from amhctl.core.outputs import FolderKind
from amhctl.model.network_soundness import ADAPTER_AVERAGE_FILE, ADAPTER_FILE, AVERAGE_FILE, OPTIMIZER_FILE
from amhctl.model.soundness import find_faults
from amhctl.training.adapters import RankAllocation
from amhctl.training.checkpoints import Checkpoints
from amhctl.training.ema import AveragedModel
from amhctl.training.export import Conditions, VoiceIdentity
from amhctl.training.feed import Position
from amhctl.training.guard import Watch
from amhctl.training.loss_scale import LossScale
from amhctl.training.network_tensors import read_network, write_network
from amhctl.training.optimizers import optimizer_tensors, restore_optimizer
from amhctl.training.shards import WHOLE, Shards
from amhctl.training.speaker_adversary import SpeakerAdversary

RUN = FolderKind(
    "the folder of a voice's run",
    "config.json",
    frozenset({"config", "sources"}),
    ("journal.jsonl", "tensorboard", "checkpoints", "best"),
)
_RANDOM_FILE = "random.safetensors"
_STATE_FILE = "state.json"
_ALLOCATION_FILE = "allocation.safetensors"
_CLASSIFIER_FILE = "speaker_classifier.safetensors"


class Best(Document):
    """The best validation so far."""

    step: int
    loss: float
    text_match: float | None = None
    """The share of its sentences that are nearest to their own recordings, where that decides."""

    def summary(self) -> str:
        """Return how good it is, in words."""
        return f"{self.loss:.3f}" if self.text_match is None else f"{self.text_match:.0%}, {self.loss:.3f}"


class RunState(Document):
    """How far a run is."""

    step: int = 0
    epoch: int = 0
    offset: int = 0
    best: Best | None = None
    stale: int = 0
    """Validations since there was one that ``training.patience`` begins again with."""
    mark: float | None = None
    """The deciding loss then."""
    mark_match: float | None = None
    """The text match then, where that decides."""
    watch: Watch = Watch()
    """What the guard remembers."""
    good: int | None = None
    """Step of the checkpoint that the run goes back to when its weights are at fault."""
    parts: int = 1
    """Parts in which each micro-batch is computed."""
    base_probe: float | None = None
    """The base's own loss on speech of its language, where that is watched."""
    probe: float | None = None
    """The voice's at its last validation."""
    scale: LossScale | None = None
    """What the loss is multiplied by, in fp16."""

    @property
    def position(self) -> Position:
        """Where the next micro-batch stands."""
        return Position(self.epoch, self.offset)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The places of a run folder."""

    root: Path

    @property
    def config(self) -> Path:
        """The configuration with its sources."""
        return self.root / "config.json"

    @property
    def journal(self) -> Path:
        """The JSON Lines journal."""
        return self.root / "journal.jsonl"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files."""
        return self.root / "tensorboard"

    @property
    def checkpoints(self) -> Path:
        """The folder of training checkpoints."""
        return self.root / "checkpoints"

    @property
    def best(self) -> Path:
        """The best voice."""
        return self.root / "best"

    @property
    def candidate(self) -> Path:
        """The voice of a validation, while it is seen whether it is the best."""
        return self.root / "candidate"

    @property
    def samples(self) -> Path:
        """Sentences that voices of the run said."""
        return self.root / "samples"

    @property
    def steps(self) -> Checkpoints:
        """The training checkpoints."""
        return Checkpoints(self.checkpoints, find_faults)

    def clear(self) -> None:
        """Remove what an earlier run left, and nothing else."""
        self.steps.clear()
        for folder in (self.best, self.candidate, self.tensorboard, self.samples):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.config, self.journal):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class Trainable:
    """The parts of a run whose values change: a model, its average, its optimiser, AdaLoRA's budget, an adversary.

    Of the first three some may be in shards.
    """

    model: nn.Module
    average: AveragedModel[nn.Module]
    optimizer: torch.optim.Optimizer
    ranks: RankAllocation | None = None
    adversary: SpeakerAdversary | None = None
    shards: Shards = WHOLE

    def forget_gradients(self) -> None:
        """Let go of all gradients."""
        self.optimizer.zero_grad(set_to_none=True)
        if self.adversary is not None:
            self.adversary.optimizer.zero_grad(set_to_none=True)


def save_state(
    folder: Path, parts: Trainable, state: RunState, identity: VoiceIdentity, conditions: Conditions
) -> None:
    """Write a training checkpoint, whole or not at all.

    Raises
    ------
    CheckpointError
        If the run has diverged: a weight, its average or a moment is not finite.
    """
    copy_state(folder, parts, state, identity, conditions)()


def copy_state(
    folder: Path, parts: Trainable, state: RunState, identity: VoiceIdentity, conditions: Conditions
) -> Callable[[], None]:
    """Return what writes a training checkpoint of the values that there are now, whatever becomes of them later.

    Where some are in shards, all processes have to ask for it, and those that do not keep any must not write.
    """
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    metrics = {"valid_loss": state.best.loss, "best_step": state.best.step} if state.best else {}
    shards = parts.shards
    network, average = read_network(parts.model, shards), read_network(parts.average.model, shards)
    beside = {ADAPTER_FILE: network.terms, ADAPTER_AVERAGE_FILE: average.terms} if network.terms else {}
    if parts.ranks is not None:
        beside[_ALLOCATION_FILE] = parts.ranks.tensors()
    if parts.adversary is not None:
        beside[_CLASSIFIER_FILE] = parts.adversary.tensors()
    manifest = identity.manifest("training", step=state.step, metrics=metrics, conditions=conditions)
    tensors = _copied(network.weights)
    extra_tensors = {
        AVERAGE_FILE: _copied(average.weights),
        OPTIMIZER_FILE: _copied(optimizer_tensors(parts.optimizer, parts.model, shards)),
        _RANDOM_FILE: random,
        **{file: _copied(terms) for file, terms in beside.items()},
    }

    def write() -> None:
        write_checkpoint(
            folder,
            manifest=manifest,
            tensors=tensors,
            extra_files={**identity.files(), _STATE_FILE: state.model_dump_json().encode()},
            extra_tensors=extra_tensors,
            check=find_faults,
            force=True,
        )

    return write


def load_state(checkpoint: LoadedCheckpoint, parts: Trainable, identity: VoiceIdentity) -> RunState:
    """Put the values of a training checkpoint into the parts of a run and return how far it was.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken or is of another model, vocabulary, frontend, codec, data or alignment.
    """
    _require_same_run(checkpoint, identity)
    subject = str(checkpoint.folder)
    load_parts(checkpoint, parts)
    random = checkpoint.read_tensors(_RANDOM_FILE)
    torch.set_rng_state(random["cpu"])
    if "cuda" in random and torch.cuda.is_available():
        torch.cuda.set_rng_state(random["cuda"])
    content = checkpoint.read_json(_STATE_FILE)
    return read_part(RunState.model_validate, content, place=_STATE_FILE, subject=subject)


def read_state(folder: Path) -> RunState | None:
    """Return how far the run of a training checkpoint was; None of a codec's, whose manifest tells that.

    Raises
    ------
    CheckpointError
        If its state cannot be read.
    """
    file = folder / _STATE_FILE
    if not file.is_file():
        return None
    return read_part(RunState.model_validate, read_json(file), place=_STATE_FILE, subject=str(folder))


def load_parts(checkpoint: LoadedCheckpoint, parts: Trainable) -> None:
    """Put weights, average and moments of a training checkpoint into the parts of a run.

    Raises
    ------
    CheckpointError
        If they do not fit the model.
    """
    subject, adapted = str(checkpoint.folder), checkpoint.manifest.adapter is not None
    # The average first: what does not learn is shared, and both files have it.
    terms = checkpoint.read_tensors(ADAPTER_AVERAGE_FILE) if adapted else {}
    shards = parts.shards
    write_network(parts.average.model, checkpoint.read_tensors(AVERAGE_FILE), terms, subject=subject, shards=shards)
    terms = checkpoint.read_tensors(ADAPTER_FILE) if adapted else {}
    write_network(parts.model, checkpoint.tensors, terms, subject=subject, shards=shards)
    if parts.ranks is not None:
        parts.ranks.restore(checkpoint.read_tensors(_ALLOCATION_FILE))
    if parts.adversary is not None:
        parts.adversary.restore(checkpoint.read_tensors(_CLASSIFIER_FILE))
    parts.optimizer.state.clear()
    restore_optimizer(parts.optimizer, parts.model, checkpoint.read_tensors(OPTIMIZER_FILE), shards)


def load_start(start: Mapping[str, Tensor], parts: Trainable) -> None:
    """Put the weights a run began with into its parts: its average is the same then, and it has no moments yet."""
    parts.model.load_state_dict(start, strict=True)
    parts.average.model.load_state_dict(start, strict=True)
    if parts.ranks is not None:
        parts.ranks.restore({"step": torch.zeros((), dtype=torch.int64)})
    if parts.adversary is not None:
        parts.adversary.restart()
    parts.optimizer.state.clear()


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # One after the other: what was put together of shards is let go of as soon as it is copied.
    return {name: tensors.pop(name).detach().to("cpu", copy=True) for name in tuple(tensors)}


def _require_same_run(checkpoint: LoadedCheckpoint, identity: VoiceIdentity) -> None:
    ours = identity.manifest("training", step=0, metrics={}, conditions=None)
    theirs = completed(checkpoint.manifest)
    fields = (
        "model_version",
        "config",
        "vocabulary",
        "text",
        "codec",
        "vocoder",
        "speakers",
        "conditioning",
        "level",
        "data_fingerprint",
        "adapter",
    )
    differing = [field for field in fields if getattr(ours, field) != getattr(theirs, field)]
    # A checkpoint of an earlier version does not say by which alignment it was trained.
    alignment = theirs.training.get("alignment", identity.alignment)
    if alignment != identity.alignment:
        differing.append("alignment")
    if differing:
        raise CheckpointError(
            f"the run was trained with other settings: {', '.join(differing)}",
            subject=str(checkpoint.folder),
            hint="resume with the data, alignment and vocabulary of the run, or start a new run with --base RUN/best",
        )
