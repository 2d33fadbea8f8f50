"""A dry run: one full step on the heaviest group, saving and loading, and what the whole would cost."""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.core.shortage import explain_shortages
from amhctl.model.soundness import read_voice
from amhctl.training.devices import connect_devices
from amhctl.training.export import Conditions
from amhctl.training.extent import measure_extent
from amhctl.training.feed import Group, Plan, Position, iterate_groups
from amhctl.training.fit import Fit, memory_of, require_fit
from amhctl.training.loop import Loop
from amhctl.training.memory import Need, estimate_memory
from amhctl.training.run import Run, plan_of, run_way_out, settle_conditions
from amhctl.training.state import load_state, save_state
from amhctl.training.voice_recipe import Batch, BatchSize, Lengths


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run will cost, measured.

    Attributes
    ----------
    loss : float
        Loss of the first step.
    step_seconds : float
        A step of average size.
    run_seconds : float
        All steps that are left, without validations.
    peak_bytes : int
        Largest memory of the process (CPU) or of the device's tensors (CUDA).
    checkpoint_bytes : int
        One training checkpoint.
    findings : tuple[Finding, ...]
        What was found about the checkpoints of a run to continue with.
    fit : Fit
        The memory it was estimated to need, and what there is.
    padding : float
        Fraction of the frames that are padding.
    """

    loss: float
    step_seconds: float
    run_seconds: float
    peak_bytes: int
    checkpoint_bytes: int
    findings: tuple[Finding, ...]
    fit: Fit
    padding: float


def do_dry_run(run: Run, progress: Progress, *, device: str, resume: bool) -> DryRun:
    """Take the heaviest step of all to come twice, the second time by the clock, then save, load and compare.

    Before anything is put on the device, its memory is compared with what the run will need.

    Raises
    ------
    CheckpointError
        If the loaded checkpoint differs from the saved state, or no checkpoint of the run can be read.
    TrainingError
        If there is nothing to resume, or no step is left.
    ShortageError
        If the run needs more memory than the device has, or there is too little room on the disk.
    """
    with explain_shortages(run.folder.root, lambda: run_way_out(run.folder)):
        accelerator, began = connect_devices(device), run.folder.steps.newest_sound() if resume else None
        fit = check_memory(
            run, accelerator, settle_conditions(run, accelerator.device, accelerator.num_processes, began)
        )
        progress.say(f"memory: {fit.need.describe()} needed")
        loop = Loop(run, accelerator, began)
        left = run.config.steps - loop.state.step
        if left == 0:
            raise TrainingError(
                f"the run has done its {run.config.steps} steps already: there is no step for a dry run",
                subject=str(run.folder.root),
                hint="set more steps: --set training.steps=N",
            )
        return _measure(loop, left, fit, progress)


def check_memory(run: Run, accelerator: Accelerator, conditions: Conditions) -> Fit:
    """Return how a run fits the device, by the heaviest micro-batch of all its epochs.

    Raises
    ------
    ShortageError
        If it does not, with settings that would.
    """
    lengths = Lengths.of(run.train)
    groups = iterate_groups(lambda epoch: plan_of(run, lengths, epoch), Position(), conditions.batches_per_step)
    extent = measure_extent(groups, run.config.steps, lengths)

    def estimate(config: TrainingConfig, size: BatchSize) -> Need:
        return estimate_memory(
            run.model,
            run.recipe,
            config,
            precision=conditions.precision,
            size=size,
            device=accelerator.device.type,
            processes=conditions.processes,
        )

    available = memory_of(accelerator.device)
    return require_fit(run.config, extent.size, estimate, available=available, subject=str(run.folder.root))


def _measure(loop: Loop, steps: int, fit: Fit, progress: Progress) -> DryRun:
    run = loop.run
    extent = measure_extent(loop.groups(), steps, loop.lengths)
    heaviest = extent.heaviest
    progress.start("rehearsing", 3, "parts")
    losses, _ = loop.step(heaviest, _batches(loop, heaviest))
    progress.advance(1, f"loss {losses.total:.3f}")
    begun = time.perf_counter()
    loop.step(heaviest, _batches(loop, heaviest))
    seconds = time.perf_counter() - begun
    progress.advance(1, f"{seconds:.2f} s per step")
    checkpoint_bytes = _save_and_load(loop)
    progress.advance(1)
    progress.finish()
    average_share = extent.frames / _padded_frames(run, heaviest.batches)
    return DryRun(
        loss=losses.total,
        step_seconds=seconds * average_share,
        run_seconds=seconds * average_share * steps,
        peak_bytes=_peak_bytes(loop.accelerator.device),
        checkpoint_bytes=checkpoint_bytes,
        findings=loop.findings,
        fit=fit,
        padding=extent.padding,
    )


def _batches(loop: Loop, group: Group) -> Iterator[Batch]:
    for share in loop.shares(group.batches):
        yield loop.run.recipe.collate([loop.run.train.item(index, group.epoch) for index in share.indices])


def _padded_frames(run: Run, batches: Plan) -> int:
    lengths = run.train.lengths
    return sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)


def _save_and_load(loop: Loop) -> int:
    saved = {name: tensor.clone() for name, tensor in loop.parts.model.state_dict().items()}
    with tempfile.TemporaryDirectory(prefix="amhctl-rehearsal-") as temporary:
        folder = Path(temporary) / "checkpoint"
        # Each process has a folder of its own.
        kept = replace(loop.parts, shards=loop.parts.shards.keeping())
        save_state(folder, kept, loop.state, loop.run.identity, loop.conditions)
        state = load_state(read_voice(folder, kind="training"), loop.parts, loop.run.identity)
        size = sum(file.stat().st_size for file in folder.iterdir())
    loaded = loop.parts.model.state_dict()
    if state != loop.state or not all(torch.equal(tensor, loaded[name]) for name, tensor in saved.items()):
        raise CheckpointError("the loaded checkpoint differs from the saved state")
    return size


def _peak_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return peak if sys.platform == "darwin" else peak * 1024
