"""Twin of ``training/retreat.py``."""

from pathlib import Path

import pytest
import torch
from support.training_runs import build_run

from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.retreat import Retreat


def trained(tmp_path: Path) -> Loop:
    run = build_run(tmp_path / "run", steps=4, save_every=2, keep_checkpoints=9)
    train(run, SilentProgress(), device="cpu", resume=False)
    return Loop(build_run(tmp_path / "run", steps=4), connect_devices("cpu"), run.folder.steps.newest_sound())


def test_weights_average_and_moments_come_back_together(tmp_path: Path) -> None:
    loop = trained(tmp_path)
    retreat = Retreat(loop.run.folder.steps, loop.parts, 4)
    wanted = loop.run.folder.steps.place(2)
    assert retreat.go_back(2) == wanted.name
    earlier = Loop(build_run(tmp_path / "run", steps=4), connect_devices("cpu"))
    assert Retreat(loop.run.folder.steps, earlier.parts, 4).go_back(2) == wanted.name
    for part in ("model", "average"):
        ours, theirs = (getattr(each.parts, part) for each in (loop, earlier))
        ours, theirs = (getattr(each, "model", each).state_dict() for each in (ours, theirs))
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    steps = {float(state["step"]) for state in loop.parts.optimizer.state.values()}
    assert steps == {2.0}


def test_without_a_good_one_it_is_where_the_run_was_taken_up(tmp_path: Path) -> None:
    loop = trained(tmp_path)
    assert Retreat(loop.run.folder.steps, loop.parts, 4).go_back(None) == "step-00000004"


def test_a_damaged_one_gives_way_to_the_newest_that_is_sound(tmp_path: Path) -> None:
    loop = trained(tmp_path)
    (loop.run.folder.steps.place(2) / "model.safetensors").write_bytes(b"damaged")
    assert Retreat(loop.run.folder.steps, loop.parts, 4).go_back(2) == "step-00000004"
    loop.run.folder.steps.clear()
    with pytest.raises((CheckpointError, TrainingError)):
        Retreat(loop.run.folder.steps, loop.parts, 4).go_back(2)
