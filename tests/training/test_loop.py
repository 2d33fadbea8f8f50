"""Twin of ``training/loop.py``: one step at a time, on a tiny voice."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_faults import poison
from support.training_motion import weights
from support.training_runs import build_run

from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.losses import Losses
from amhctl.training.state import Best


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


def test_the_code_loss_alone_decides_what_is_best(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    losses = Losses(total=5.0, code=2.0, text=9.0, duration=9.0, accuracy=0.1, codebooks=(2.0, 2.0))
    assert loop.judge(losses)
    assert not loop.judge(replace(losses, total=1.0, text=0.0, duration=0.0, accuracy=0.9))
    assert not loop.judge(replace(losses, code=2.1, total=1.0))
    assert (loop.state.best, loop.state.stale) == (Best(step=0, loss=2.0), 2)
    assert loop.judge(replace(losses, code=1.9, total=50.0, text=50.0, accuracy=0.0))
    assert (loop.state.best, loop.state.stale) == (Best(step=0, loss=1.9), 0)


def test_patience_begins_anew_only_for_a_fall_that_counts(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path, min_improvement=0.5), connect_devices("cpu"))
    losses = Losses(total=5.0, code=2.0, text=9.0, duration=9.0, accuracy=0.1, codebooks=(2.0, 2.0))
    better = [loop.judge(replace(losses, code=code)) for code in (2.0, 1.8, 1.6, 1.4, 1.5)]
    # The best voice is kept however little better it is; three small falls count once they add up.
    assert better == [True, True, True, True, False]
    assert (loop.state.best, loop.state.mark, loop.state.stale) == (Best(step=0, loss=1.4), 1.4, 1)
    # A run of a version that did not know a mark counts from its best.
    loop.state = loop.state.model_copy(update={"mark": None, "stale": 0})
    assert loop.judge(replace(losses, code=1.0))
    assert (loop.state.mark, loop.state.stale) == (1.4, 1)


def test_an_epoch_uses_every_utterance_once(tmp_path: Path) -> None:
    run = build_run(tmp_path, accumulation=3, batch_frames=60)
    loop = Loop(run, connect_devices("cpu"))
    seen: list[int] = []
    for group in loop.groups():
        seen += [index for batch in group.batches for index in batch]
        if group.after.epoch == 1:
            break
    assert sorted(seen) == list(range(len(run.train)))


def test_validation_is_the_same_each_time_and_changes_nothing(tmp_path: Path) -> None:
    run = build_run(tmp_path, label_smoothing=0.3, code_replacement=0.5)
    loop = Loop(run, connect_devices("cpu"))
    before = weights(loop)
    first = loop.validate()
    assert first == loop.validate()
    assert first.code == pytest.approx(math.log(18), abs=0.5)  # type: ignore[attr-defined]
    assert all(torch.equal(a, b) for a, b in zip(before, weights(loop), strict=True))


def test_a_step_that_is_not_finite_is_passed_over_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poison(monkeypatch, 2)
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    loop.step(next(groups), batches)
    before, averages, position = weights(loop), loop.parts.average.model.state_dict(), loop.state.position
    averages = {name: tensor.clone() for name, tensor in averages.items()}
    loop.step(next(groups), batches)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(loop), strict=True))
    assert all(torch.equal(a, averages[name]) for name, a in loop.parts.average.model.state_dict().items())
    assert loop.state.step == 2
    assert loop.state.position != position
    assert [(event.step, event.name) for event in loop.events] == [(2, "skipped")]
    assert "not finite (loss nan" in loop.events[0].why
    loop.step(next(groups), batches)
    assert not all(torch.equal(a, b) for a, b in zip(before, weights(loop), strict=True))
    assert loop.state.watch.bad == 0


def test_weights_that_are_at_fault_are_taken_back_before_anything_is_saved(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path, steps=20), connect_devices("cpu"))
    begun = weights(loop)
    groups, batches = loop.groups(), loop.load_batches()
    loop.step(next(groups), batches)
    with torch.no_grad():
        next(loop.parts.model.parameters()).fill_(math.nan)
    for _ in range(3):
        loop.step(next(groups), batches)
    assert [event.name for event in loop.events] == ["skipped", "skipped", "returned"]
    assert "the initial weights" in loop.events[-1].why
    assert all(torch.equal(a, b) for a, b in zip(begun, weights(loop), strict=True))
    assert not loop.parts.optimizer.state
    assert loop.rate(5) == 0.5 * loop.schedule.rate(5)


def test_a_validation_that_is_not_finite_takes_the_run_back(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    begun = weights(loop)
    with torch.no_grad():
        next(loop.parts.average.model.parameters()).fill_(math.nan)
    assert not loop.judge(loop.validate())
    assert [event.name for event in loop.events] == ["returned"]
    assert math.isfinite(loop.validate().code)  # type: ignore[attr-defined]
    assert all(torch.equal(a, b) for a, b in zip(begun, weights(loop), strict=True))
    assert (loop.state.best, loop.state.stale) == (None, 1)
