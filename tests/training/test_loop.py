"""Twin of ``training/loop.py``: one step at a time, on a tiny voice."""

import math
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.data.batching import collate
from amhctl.training import loop as loop_module
from amhctl.training.loop import Loop, connect_devices, train
from amhctl.training.losses import Losses, TargetCounts
from amhctl.training.objective import Objective, replace_frames
from amhctl.training.seeding import generator_of
from amhctl.training.state import Best


def weights(loop: Loop) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in loop.parts.model.parameters()]


def test_accumulated_parts_give_the_gradient_of_the_whole(tmp_path: Path) -> None:
    """Two micro-batches of unequal size move the weights as the same utterances in one batch do."""
    moved = []
    for accumulation, frames in ((1, 100_000), (100, 60)):
        run = build_run(
            tmp_path / str(accumulation),
            accumulation=accumulation,
            batch_frames=frames,
            dropout=0.0,
            code_replacement=0.0,
        )
        loop = Loop(run, connect_devices("cpu"))
        group = next(loop.groups())
        assert sum(len(batch) for batch in group.batches) == len(run.train)
        losses, norm = loop.step(group, loop.load_batches())
        moved.append((losses.total, norm))
    assert moved[0] == pytest.approx(moved[1], rel=1e-4)


def _gradient_taken(loop: Loop) -> float:
    """Return the norm of the gradient that the first step's moments were made of."""
    first = [loop.parts.optimizer.state[parameter]["exp_avg"] for parameter in loop.parts.optimizer.state]
    moments = torch.cat([moment.flatten() for moment in first])
    return float(moments.norm()) / (1.0 - loop.run.config.betas[0])


@pytest.mark.parametrize("bound", [0.01, 1e6])
def test_no_gradient_is_longer_than_the_bound(tmp_path: Path, bound: float) -> None:
    loop = Loop(build_run(tmp_path, clip_norm=bound), connect_devices("cpu"))
    _, norm = loop.step(next(loop.groups()), loop.load_batches())
    assert norm > 0.1
    assert _gradient_taken(loop) == pytest.approx(min(bound, norm), rel=1e-3)


def test_a_step_trains_for_smoothed_targets_from_partly_replaced_codes(tmp_path: Path) -> None:
    losses = set()
    for smoothing, share in ((0.0, 0.0), (0.3, 0.0), (0.0, 0.5), (0.3, 0.5)):
        run = build_run(tmp_path, dropout=0.0, label_smoothing=smoothing, code_replacement=share, accumulation=1)
        loop = Loop(run, connect_devices("cpu"))
        group = next(loop.groups())
        batch = collate([run.train.item(index, 0) for index in group.batches[0]])
        counts = TargetCounts(
            codes=int(batch.code_lengths_B.sum()) + len(batch.ids),
            text=int(batch.text_lengths_B.sum()) + len(batch.ids),
            durations=int(batch.text_lengths_B.sum()),
        )
        inputs_BQS = replace_frames(batch, share, 16, generator_of(run.seed, "replacement", 1, 0, 0))
        with torch.no_grad():
            wanted, _ = Objective(run.model.train(), run.config, "fp32")(batch, inputs_BQS, counts, smoothing)
        taken, _ = loop.step(group, loop.load_batches())
        assert taken.total == pytest.approx(wanted.item(), rel=1e-5)
        losses.add(round(taken.total, 4))
    assert len(losses) == 4


def test_the_code_loss_alone_decides_what_is_best(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    losses = Losses(total=5.0, code=2.0, text=9.0, duration=9.0, accuracy=0.1, codebooks=(2.0, 2.0))
    assert loop.judge(losses)
    assert not loop.judge(replace(losses, total=1.0, text=0.0, duration=0.0, accuracy=0.9))
    assert not loop.judge(replace(losses, code=2.1, total=1.0))
    assert (loop.state.best, loop.state.stale) == (Best(step=0, loss=2.0), 2)
    assert loop.judge(replace(losses, code=1.9, total=50.0, text=50.0, accuracy=0.0))
    assert (loop.state.best, loop.state.stale) == (Best(step=0, loss=1.9), 0)
    with pytest.raises(TrainingError, match="validation loss is not finite"):
        loop.judge(replace(losses, code=math.nan))


def test_an_epoch_uses_every_utterance_once(tmp_path: Path) -> None:
    run = build_run(tmp_path, accumulation=3, batch_frames=60)
    loop = Loop(run, connect_devices("cpu"))
    seen: list[int] = []
    for group in loop.groups():
        seen += [index for batch in group.batches for index in batch]
        if group.after.epoch == 1:
            break
    assert sorted(seen) == list(range(len(run.train)))


def test_workers_bring_the_same_batches(tmp_path: Path) -> None:
    batches = []
    for workers in (0, 1):
        loop = Loop(build_run(tmp_path / str(workers), workers=workers), connect_devices("cpu"))
        feed = loop.load_batches()
        batches.append([next(feed) for _ in range(3)])
    for ours, theirs in zip(*batches, strict=True):
        assert ours.ids == theirs.ids
        assert torch.equal(ours.prompts_BTF, theirs.prompts_BTF)


def test_validation_is_the_same_each_time_and_changes_nothing(tmp_path: Path) -> None:
    run = build_run(tmp_path, label_smoothing=0.3, code_replacement=0.5)
    loop = Loop(run, connect_devices("cpu"))
    before = weights(loop)
    first = loop.validate()
    assert first == loop.validate()
    assert first.code == pytest.approx(math.log(18), abs=0.5)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(loop), strict=True))


def test_a_loss_that_is_not_finite_stops_before_the_weights_move(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    with torch.no_grad():
        next(loop.parts.model.parameters()).fill_(math.nan)
    averages = [parameter.clone() for parameter in loop.parts.average.model.parameters()]
    with pytest.raises(TrainingError, match="not finite at step 1"):
        loop.step(next(loop.groups()), loop.load_batches())
    assert loop.state.step == 0
    assert not loop.parts.optimizer.state
    assert all(torch.equal(a, b) for a, b in zip(averages, loop.parts.average.model.parameters(), strict=True))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_and_the_run_goes_on_as_if_there_had_been_none(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(build_run(tmp_path / "whole"), SilentProgress(), device="cpu", resume=False)
    take = Loop.step

    def interrupted(self: Loop, *arguments: object) -> object:
        result = take(self, *arguments)  # type: ignore[arg-type]
        if self.state.step == 3:
            signal.raise_signal(number)
        return result

    monkeypatch.setattr(loop_module.Loop, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(build_run(tmp_path / "broken"), SilentProgress(), device="cpu", resume=False)
    assert [folder.name for folder in (tmp_path / "broken" / "checkpoints").iterdir()] == ["step-00000003"]
    monkeypatch.undo()
    outcome = train(build_run(tmp_path / "broken"), SilentProgress(), device="cpu", resume=True)
    assert outcome.state.step == 8
    assert read_measured(tmp_path / "broken") == read_measured(tmp_path / "whole")


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    run = build_run(tmp_path, save_every=1, keep_checkpoints=3)
    train(run, SilentProgress(), device="cpu", resume=False)
    assert [folder.name[-1] for folder in run.folder.saved()] == ["6", "7", "8"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_an_absent_device_is_an_error() -> None:
    with pytest.raises(TrainingError, match="CUDA"):
        connect_devices("cuda:0")
