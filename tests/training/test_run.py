"""Twin of ``training/run.py``: how a run computes stays as it began."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from support.training_motion import Several
from support.training_runs import build_run

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.export import Conditions
from amhctl.training.extent import measure_extent
from amhctl.training.feed import Group, Position, iterate_groups
from amhctl.training.loop import Loop
from amhctl.training.run import plan_of
from amhctl.training.voice_recipe import BatchSize, Lengths


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


def test_micro_batches_hold_no_more_than_they_may_as_the_estimate_counts(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", batch_frames=10_000)
    lengths = Lengths.of(run.train)
    assert len(plan_of(run, lengths, 0)) == 1

    def groups_of(positions: int) -> Iterator[Group]:
        bounded = replace(run, config=run.config.model_copy(update={"batch_positions": positions}))
        return iterate_groups(partial(plan_of, bounded, lengths), Position(), 1)

    largest = measure_extent(groups_of(0), 3, lengths).size
    assert largest == BatchSize(len(run.train), max(lengths.frames), max(lengths.text), run.train.prompt_frames)
    assert measure_extent(groups_of(largest.positions), 3, lengths).size == largest
    halved = measure_extent(groups_of(largest.positions // 2), 20, lengths).size
    assert largest.positions // 4 < halved.positions <= largest.positions // 2
