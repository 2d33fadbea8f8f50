"""Twin of ``training/run.py``: how a run computes stays as it began."""

from pathlib import Path

from support.training_motion import Several
from support.training_runs import build_run

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.export import Conditions
from amhctl.training.loop import Loop


def test_a_run_goes_on_in_the_arithmetic_and_with_the_batches_it_began_with(tmp_path: Path) -> None:
    first = build_run(tmp_path / "run", precision="bf16", accumulation=2, steps=4)
    train(first, SilentProgress(), device="cpu", resume=False)
    noted = read_checkpoint(first.folder.steps.place(4), kind="training").manifest.training
    assert {name: noted[name] for name in ("precision", "batches_per_step", "device", "processes")} == {
        "precision": "bf16",
        "batches_per_step": 2,
        "device": "cpu",
        "processes": 1,
    }
    again = build_run(tmp_path / "run", precision="auto", accumulation=2, steps=8)
    loop = Loop(again, connect_devices("cpu"), again.folder.steps.newest_sound(), Several(0, 2))
    assert loop.conditions == Conditions(precision="bf16", batches_per_step=2, device="cpu", processes=2)
    assert len(next(loop.groups()).batches) == 2
