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
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.processes import CalledOffError
from amhctl.training.splitting import Splitting, gradients_of

SHAPE: dict[str, Any] = {"dropout": 0.0, "code_replacement": 0.3, "batch_frames": 170, "steps": 3}


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

        objective.forward = limited
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


def test_a_computation_is_called_off_or_ends_the_run_once_it_cannot_be_split(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path / "run", **SHAPE), connect_devices("cpu"))
    saved: list[int] = []
    parameter = torch.nn.Parameter(torch.ones(2))
    splitting = Splitting(loop.processes, loop.parts, [parameter], lambda: saved.append(1))

    def exhausted() -> torch.Tensor:
        first = next(loop.parts.model.parameters())
        first.grad = torch.ones_like(first)
        raise MemoryError("of eight items, seven")

    assert splitting.compute(exhausted, parts=1, largest=2) == "of eight items, seven"
    assert (saved, gradients_of(loop.parts.model.parameters())) == ([], [])
    with pytest.raises(MemoryError):
        splitting.compute(exhausted, parts=2, largest=2)
    assert saved == [1]
    done = splitting.compute(lambda: torch.ones(3), parts=2, largest=2)
    assert isinstance(done, torch.Tensor)
    assert done.tolist() == [1.0, 1.0, 1.0]
