"""A run: all that is fixed when it starts, how it computes, and where it ended. Knows no step."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn

from amhctl.config.schema import TrainingConfig
from amhctl.core.findings import Finding
from amhctl.core.shortage import WayOut
from amhctl.training.adapters import RankAllocation
from amhctl.training.checkpoints import SoundCheckpoint
from amhctl.training.export import Arithmetic, Conditions, VoiceIdentity
from amhctl.training.feed import Plan
from amhctl.training.precision import resolve_precision
from amhctl.training.replay import plan_training_epoch
from amhctl.training.rescue import way_out_of
from amhctl.training.speaker_adversary import SpeakerAdversary
from amhctl.training.state import RunFolder, RunState
from amhctl.training.voice_recipe import Lengths, Utterances, VoiceRecipe


@dataclass(frozen=True, slots=True)
class Said:
    """What a voice said.

    Attributes
    ----------
    line : str
        How it went.
    text_match : float | None
        The share of its sentences that are nearest to their own recordings, where that is measured.
    """

    line: str
    text_match: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Everything that is fixed when a run starts."""

    folder: RunFolder
    config: TrainingConfig
    seed: int
    recipe: VoiceRecipe
    """How a voice of its kind is trained."""
    model: nn.Module
    train: Utterances
    valid: Utterances
    identity: VoiceIdentity
    document: str
    """The JSON of ``config.json``."""
    ranks: RankAllocation | None = None
    """What distributes the ranks of AdaLoRA."""
    probe: Utterances | None = None
    """Speech of the base's language, by which it is seen what the voice forgets."""
    adversary: SpeakerAdversary | None = None
    """What sets speaker and emotion apart, where a stage is to."""
    say_samples: Callable[[Path, int], Said] | None = None
    """Lets the voice in a folder, which is that of a step, say something."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a run ended."""

    state: RunState
    stopped_early: bool
    findings: tuple[Finding, ...]
    """What was found damaged where the run continued, and what is wrong with the voice that was made."""


def settle_conditions(run: Run, device: torch.device, processes: int, began: SoundCheckpoint | None) -> Conditions:
    """Return how a run computes: as it began, or, for a new one, as its configuration and this machine say."""
    noted = began.checkpoint.manifest.training if began else {}
    precision, batches = noted.get("precision"), noted.get("batches_per_step")
    # The values of "auto" were settled then, and are not settled again on another machine.
    wanted = run.config.precision if precision not in ("fp32", "bf16", "fp16") else cast(Arithmetic, precision)
    return Conditions(
        precision=resolve_precision(wanted, device),
        # A checkpoint of an earlier version does not say how many; the processes are then taken to be as many as now.
        batches_per_step=batches if isinstance(batches, int) and batches > 0 else run.config.accumulation * processes,
        device=device.type,
        processes=processes,
    )


def plan_of(run: Run, lengths: Lengths, epoch: int) -> Plan:
    """Return the micro-batches of an epoch of a run's training set, whose lengths are given."""
    config = run.config
    return plan_training_epoch(
        run.train,
        lengths.frames,
        batch_frames=config.batch_frames,
        seed=run.seed,
        epoch=epoch,
        bucketing=config.bucketing,
        positions=lengths.limit(config.batch_positions),
    )


def run_way_out(folder: RunFolder) -> WayOut:
    """Return what a voice's run has saved and how it continues."""
    return way_out_of(
        folder.steps,
        go_on=f"`amhctl train --resume {folder.root}`",
        best=folder.best,
        lighter="lower training.batch_frames and proportionally higher training.accumulation",
    )
