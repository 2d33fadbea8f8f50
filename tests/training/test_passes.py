"""Twin of ``training/passes.py``: the gradient of a step, however it is cut and whoever computes it."""

import copy
import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from support.flow_world import build_flow_run, build_flow_world
from support.training_motion import Several
from support.training_runs import build_run, network_of
from support.waiting import Waits, count_reads

from amhctl.batches.batching import collate
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.losses import TargetCounts
from amhctl.training.objective import Objective, replace_frames
from amhctl.training.run import Run
from amhctl.training.seeding import generator_of


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
        inputs_BQS = replace_frames(batch, share, 16, generator_of(run.seed, "replacement", 1, 0))
        with torch.no_grad():
            wanted, _ = Objective(network_of(run).train(), run.config, "fp32")(batch, inputs_BQS, counts, smoothing)
        taken, _ = loop.step(group, loop.load_batches())
        assert taken.total == pytest.approx(wanted.item(), rel=1e-5)
        losses.add(round(taken.total, 4))
    assert len(losses) == 4


@pytest.mark.parametrize("aligned", [True, False])
def test_every_parameter_gets_a_gradient(tmp_path: Path, aligned: bool) -> None:
    """Several processes add up the gradients of all parameters, so that each must have the same."""
    loop = Loop(build_run(tmp_path, aligned=aligned, text_weight=0.0), connect_devices("cpu"))
    parameters = dict(loop.parts.model.named_parameters())
    seen: set[str] = set()
    for name, parameter in parameters.items():
        parameter.register_post_accumulate_grad_hook(partial(lambda found, _: seen.add(found), name))
    loop.step(next(loop.groups()), loop.load_batches())
    assert seen == set(parameters)


def gradients_of(run: Run, processes: int) -> list[torch.Tensor]:
    """Return the gradient of the first step as so many processes compute it together."""
    total: list[torch.Tensor] = []
    for process in range(processes):
        seen = Several(process, processes)
        loop = Loop(replace(run, model=copy.deepcopy(run.model)), connect_devices("cpu"), processes=seen)
        loop.conditions = replace(loop.conditions, batches_per_step=4)
        loop.step(next(loop.groups()), loop.load_batches())
        total = [a + b for a, b in zip(total, seen.gradients, strict=True)] if total else seen.gradients
    return total


def test_several_processes_compute_what_one_does_dropout_and_noise_included(tmp_path: Path) -> None:
    run = build_run(tmp_path, dropout=0.3, code_replacement=0.5, batch_frames=60)
    one, two, three = (gradients_of(run, processes) for processes in (1, 2, 3))
    for alone, in_two, in_three in zip(one, two, three, strict=True):
        torch.testing.assert_close(in_two, alone, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(in_three, alone, rtol=1e-4, atol=1e-6)


WAYS: dict[str, dict[str, Any]] = {
    "aligned": {"emotion": True, "code_replacement": 0.3, "emotion_from_target": 0.5, "condition_dropout": 0.5},
    "text first": {"aligned": False, "label_smoothing": 0.1, "checkpointing": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_step_waits_for_its_device_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """For its losses and its norm together, by which it is seen whether it may be taken."""
    loop = Loop(build_run(tmp_path, accumulation=2, batch_frames=60, **WAYS[way]), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    group = next(groups)
    held = [next(batches) for _ in group.batches]
    # On the CPU it reads the counts of its own steps; fused, as on an accelerator, it does not.
    monkeypatch.setattr(loop.parts.optimizer, "step", lambda: None)
    with Waits() as waits, count_reads(monkeypatch) as reads:
        loop.step(group, iter(held))
    assert not waits.found
    assert reads == {"tolist": 1}


def test_a_step_of_a_flow_waits_for_its_device_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_flow_run(tmp_path / "run", build_flow_world(tmp_path / "world"), "model.codebooks=2")
    loop = Loop(run, connect_devices("cpu"))
    group = next(loop.groups())
    held = list(itertools.islice(loop.load_batches(), len(group.batches)))
    monkeypatch.setattr(loop.parts.optimizer, "step", lambda: None)
    with Waits() as waits, count_reads(monkeypatch) as reads:
        loop.step(group, iter(held))
    assert not waits.found
    assert reads == {"tolist": 1}


def test_waiting_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the tests above could not fail."""
    values = torch.arange(4.0)
    with Waits() as waits, count_reads(monkeypatch) as reads:
        values[values > 1.0]
        values.nonzero()
        float(values.sum())
    assert waits.found["nonzero"] == 1
    assert waits.found["index"] == 1
    assert reads["__float__"] == 1
