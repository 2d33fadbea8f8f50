"""A rehearsal of a run: one full step on the heaviest group, saving and loading, and what the whole would cost."""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from amhctl.core.errors import CheckpointError
from amhctl.core.progress import Progress
from amhctl.data.batching import Batch, collate
from amhctl.training.feed import Group, Plan, iterate_groups
from amhctl.training.loop import Loop, Run, connect_devices
from amhctl.training.state import load_state, save_state


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run will cost, measured.

    Attributes
    ----------
    loss : float
        Loss of the first step.
    step_seconds : float
        A step of average size.
    run_seconds : float
        All steps, without validations.
    peak_bytes : int
        Largest memory of the process (CPU) or of the device's tensors (CUDA).
    checkpoint_bytes : int
        One training checkpoint.
    """

    loss: float
    step_seconds: float
    run_seconds: float
    peak_bytes: int
    checkpoint_bytes: int


def rehearse(run: Run, progress: Progress, *, device: str) -> Rehearsal:
    """Take the heaviest step of the first epoch twice, the second time by the clock, then save, load and compare.

    Raises
    ------
    CheckpointError
        If what was loaded is not what was saved.
    """
    loop = Loop(run, connect_devices(device))
    plan = loop.plan(0)
    groups = _first_epoch(loop, plan)
    heaviest = max(groups, key=lambda group: _padded_frames(run, group.batches))
    progress.start("rehearsing", 3, "parts")
    losses, _ = loop.step(heaviest, _batches(loop, heaviest))
    progress.advance(1, f"loss {losses.total:.3f}")
    begun = time.perf_counter()
    loop.step(heaviest, _batches(loop, heaviest))
    seconds = time.perf_counter() - begun
    progress.advance(1, f"{seconds:.2f} s a step")
    checkpoint_bytes = _save_and_load(loop)
    progress.advance(1)
    progress.finish()
    average_share = _padded_frames(run, plan) / len(groups) / _padded_frames(run, heaviest.batches)
    return Rehearsal(
        loss=losses.total,
        step_seconds=seconds * average_share,
        run_seconds=seconds * average_share * run.config.steps,
        peak_bytes=_peak_bytes(loop.accelerator.device),
        checkpoint_bytes=checkpoint_bytes,
    )


def _first_epoch(loop: Loop, plan: Plan) -> list[Group]:
    groups = []
    for group in iterate_groups(lambda _: plan, loop.state.position, loop.group_size):
        groups.append(group)
        if group.after.epoch > 0:
            break
    return groups


def _batches(loop: Loop, group: Group) -> Iterator[Batch]:
    for share in loop.shares(group.batches):
        yield collate([loop.run.train.item(index, group.epoch) for index in share.indices])


def _padded_frames(run: Run, batches: Plan) -> int:
    lengths = run.train.lengths
    return sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)


def _save_and_load(loop: Loop) -> int:
    saved = {name: tensor.clone() for name, tensor in loop.parts.model.state_dict().items()}
    with tempfile.TemporaryDirectory(prefix="amhctl-rehearsal-") as temporary:
        folder = Path(temporary) / "checkpoint"
        save_state(folder, loop.parts, loop.state, loop.run.identity, precision=loop.precision)
        state = load_state(folder, loop.parts, loop.run.identity)
        size = sum(file.stat().st_size for file in folder.iterdir())
    loaded = loop.parts.model.state_dict()
    if state != loop.state or not all(torch.equal(tensor, loaded[name]) for name, tensor in saved.items()):
        raise CheckpointError("what was loaded is not what was saved")
    return size


def _peak_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return peak if sys.platform == "darwin" else peak * 1024
