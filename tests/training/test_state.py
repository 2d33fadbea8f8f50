"""Twin of ``training/state.py``."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_runs import build_run

from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.temporaries import name_beside
from amhctl.training.loop import Loop, connect_devices
from amhctl.training.state import Best, RunFolder, RunState, load_state, save_state


def trained(folder: Path, steps: int) -> Loop:
    loop = Loop(build_run(folder), connect_devices("cpu"))
    batches, groups = loop.load_batches(), loop.groups()
    for _ in range(steps):
        loop.step(next(groups), batches)
    return loop


def test_everything_comes_back(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 2)
    state = RunState(step=2, epoch=1, offset=3, best=Best(step=1, loss=0.5), stale=1)
    save_state(tmp_path / "saved", loop.parts, state, loop.run.identity, precision="fp32")
    other = Loop(build_run(tmp_path / "b", seed=1), connect_devices("cpu"))
    identity = replace(loop.run.identity, seed=1)
    assert load_state(tmp_path / "saved", other.parts, identity) == state
    for ours, theirs in zip(loop.parts.model.parameters(), other.parts.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
        slots = loop.parts.optimizer.state.get(ours, {})
        assert all(torch.equal(value, other.parts.optimizer.state[theirs][slot]) for slot, value in slots.items())
    averages = zip(loop.parts.average.model.parameters(), other.parts.average.model.parameters(), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in averages)


def test_another_run_is_refused_field_by_field(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 0)
    save_state(tmp_path / "saved", loop.parts, loop.state, loop.run.identity, precision="fp32")
    other = replace(
        loop.run.identity,
        data_fingerprint="other",
        codec=loop.run.identity.codec.model_copy(update={"fingerprint": "other"}),
    )
    with pytest.raises(CheckpointError, match="another codec, data_fingerprint"):
        load_state(tmp_path / "saved", loop.parts, other)


def test_a_tampered_checkpoint_is_refused(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 1)
    save_state(tmp_path / "saved", loop.parts, loop.state, loop.run.identity, precision="fp32")
    with (tmp_path / "saved" / "optimizer.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x7f")
    with pytest.raises(CheckpointError, match=r"optimizer\.safetensors"):
        load_state(tmp_path / "saved", loop.parts, loop.run.identity)


def test_checkpoints_are_found_by_step_and_the_oldest_go(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(TrainingError, match="no checkpoint"):
        folder.latest()
    for step in (900, 1000, 100):
        folder.checkpoint(step).mkdir(parents=True)
    # What a killed process left half-written is no checkpoint.
    (folder.checkpoints / ".step-00001100-x1y2").mkdir()
    name_beside(folder.checkpoint(1100), "tmp").mkdir()
    assert folder.latest() == folder.checkpoint(1000)
    folder.prune(2)
    assert sorted(folder.checkpoints.iterdir()) == [folder.checkpoint(900), folder.checkpoint(1000)]
