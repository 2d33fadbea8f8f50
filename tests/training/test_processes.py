"""Twin of ``training/processes.py``: what processes add up, and what they do when memory ends for one of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.thread_processes import ThreadProcesses, together
from support.training_motion import weights
from support.training_runs import build_run

from amhctl.core.shortage import shortage_of
from amhctl.training import processes as processes_module
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.processes import CalledOffError, Processes, Trouble

SHAPE: dict[str, Any] = {"dropout": 0.0, "code_replacement": 0.3, "batch_frames": 170, "steps": 3}


def test_gradients_are_added_up_in_few_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones together, as many as there is room for, and large ones by themselves."""
    monkeypatch.setattr(processes_module, "BUCKET", 8)
    shapes, exchanges = ((3,), (1, 4), (2, 10), (), (4, 2), (5,)), []

    def add_up(processes: ThreadProcesses) -> list[torch.Tensor]:
        gradients = [torch.full(shape, 1.0 + place) * (1 + processes.index) for place, shape in enumerate(shapes)]
        processes.reserve(gradients)
        add = processes._sum
        processes._sum = lambda values: (exchanges.append(len(values.view(-1))), add(values))[-1]  # type: ignore[method-assign]
        processes.exchange(gradients)
        return gradients

    for gradients in together(2, add_up):
        for place, (gradient, shape) in enumerate(zip(gradients, shapes, strict=True)):
            assert torch.equal(gradient, torch.full(shape, 3.0 * (1 + place)))
    assert sorted(exchanges) == sorted([20, 8, 8, 5] * 2)


def test_processes_agree_on_the_worst_that_any_of_them_met() -> None:
    met = (Trouble.NONE, Trouble.HOPELESS, Trouble.MEMORY)
    assert set(together(3, lambda each: each.agree(met[each.index]))) == {Trouble.HOPELESS}
    assert set(together(2, lambda each: each.agree(gradients=7))) == {Trouble.NONE}
    assert set(together(2, lambda each: each.wish(each.index == 1))) == {True}
    assert set(together(2, lambda each: each.wish(False))) == {False}


def test_gradients_that_do_not_belong_together_are_never_added_up() -> None:
    with pytest.raises(RuntimeError, match="one process has 3 gradients to exchange, another 4"):
        together(2, lambda each: each.agree(gradients=3 + each.index))
    # One that met trouble has none: that is no fault.
    said = together(2, lambda each: each.agree(Trouble(each.index), gradients=4 * each.index))
    assert set(said) == {Trouble.MEMORY}


def test_all_begin_with_the_values_of_the_one_that_leads() -> None:
    held = [[torch.full((2, 3), float(index)).T, torch.tensor(index)] for index in range(2)]
    together(2, lambda each: each.share(held[each.index]))
    for tensors in held:
        assert not tensors[0].any()
        assert tensors[1] == 0


def test_one_process_is_all_of_them() -> None:
    alone = Processes(connect_devices("cpu"))
    values = torch.ones(3)
    alone.reserve([values])
    alone.exchange([values])
    alone.share([values])
    assert (alone.leads, alone.agree(Trouble.MEMORY, gradients=2), alone.wish(True)) == (True, Trouble.MEMORY, True)
    assert torch.equal(alone.add(values), torch.ones(3))


def learn(
    folder: Path, count: int, *, limit: Callable[[int, int], int]
) -> list[tuple[Loop, list[float], BaseException | None]]:
    """Return what each of so many processes trained, its losses, and what stopped it.

    ``limit`` says how many items a process holds at once, by its number and that of the step.
    """
    runs = [build_run(folder / str(index) / "run", **SHAPE) for index in range(count)]

    def one(processes: ThreadProcesses) -> tuple[Loop, list[float], BaseException | None]:
        loop = Loop(runs[processes.index], connect_devices("cpu"), processes=processes)
        loop.conditions = replace(loop.conditions, batches_per_step=2)
        objective = loop._passes.objective
        forward = objective.forward

        def limited(batch: Any, *inputs: Any) -> Any:
            if len(batch.ids) > limit(processes.index, loop.state.step + 1):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return forward(batch, *inputs)

        objective.forward = limited  # type: ignore[method-assign]
        groups, batches = loop.groups(), loop.load_batches()
        losses: list[float] = []
        try:
            for _ in range(3):
                losses.append(loop.step(next(groups), batches)[0].total)
            losses.append(loop.validate().total)
        except RuntimeError as error:
            return loop, losses, error
        return loop, losses, None

    return list(together(count, one))


def test_where_memory_ends_for_one_process_all_compute_the_step_again_in_smaller_parts(tmp_path: Path) -> None:
    ((alone, wanted, _),) = learn(tmp_path / "one", 1, limit=lambda *_: 99)
    for loop, losses, error in learn(
        tmp_path / "two", 2, limit=lambda index, step: 1 if (index, step) == (1, 2) else 9
    ):
        assert error is None
        assert losses == pytest.approx(wanted, rel=1e-4)
        assert loop.state.parts == 4
        assert [event.name for event in loop.events] == ["split", "split"]
        for ours, theirs in zip(weights(loop), weights(alone), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-4)


def test_an_utterance_that_one_process_cannot_hold_ends_the_run_in_all_and_loses_no_step(tmp_path: Path) -> None:
    trained = learn(tmp_path, 2, limit=lambda index, step: 0 if (index, step) == (1, 3) else 9)
    assert [len(losses) for _, losses, _ in trained] == [2, 2]
    errors = [error for _, _, error in trained]
    assert [type(error) for error in errors] == [CalledOffError, torch.OutOfMemoryError]
    assert all(error is not None and shortage_of(error) == "memory" for error in errors)
    assert trained[0][0].run.folder.steps.newest_sound().checkpoint.folder.name == "step-00000002"


def test_another_fault_is_no_lack_of_memory(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path / "run", **SHAPE), connect_devices("cpu"))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        loop._in_parts([next(loop.load_batches())], lambda: torch.ones(2) @ torch.ones(3))
    assert loop.state.parts == 1
