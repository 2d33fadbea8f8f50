"""Twin of ``training/shards.py``: a run in shards is the run that it is without, on the disk as well."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.thread_processes import ThreadProcesses, together
from support.training_runs import build_run

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.shortage import shortage_of
from amhctl.nn.recompute import blocks_of
from amhctl.training.checkpoints import SoundCheckpoint
from amhctl.training.devices import connect_devices
from amhctl.training.finetune import Base
from amhctl.training.loop import Loop
from amhctl.training.run import Run
from amhctl.training.shards import WHOLE, clip_gradients, shard

FILES = ("model", "average", "optimizer")
STAGES = ({"name": "all", "until": 2}, {"name": "some", "freeze": ("conditioning", "gpt.h.0.*")})


def shaped(folder: Path, **sets: Any) -> Run:
    values: dict[str, Any] = {"dropout": 0.0, "steps": 4, "batch_frames": 120, "stages": STAGES}
    return build_run(folder, **(values | sets))


def go(run: Run, count: int, *, steps: int, began: bool = False, most: int = 0) -> Sequence[list[float]]:
    """Let so many processes take steps and save; return their losses and norms."""

    def take_part(processes: ThreadProcesses) -> list[float]:
        own = replace(run, model=copy.deepcopy(run.model))
        saved = SoundCheckpoint(read_checkpoint(run.folder.steps.saved()[-1], kind="training"), ()) if began else None
        loop = Loop(own, connect_devices("cpu"), saved, processes)
        loop.conditions = replace(loop.conditions, batches_per_step=2)
        if most and processes.index == 1:
            _limit(loop, most)
        groups, batches = loop.groups(), loop.load_batches()
        measured = [value for _ in range(steps) for value in _told(loop.step(next(groups), batches))]
        losses = loop.validate()
        loop.probe_speakers()
        loop.save()
        loop.export(losses)
        loop.wait_for_writes()
        loop.close()
        return [*measured, losses.total]

    return together(count, take_part)


def _told(taken: tuple[Any, float]) -> tuple[float, float]:
    return taken[0].total, taken[1]


def _limit(loop: Loop, most: int) -> None:
    objective = loop._passes.objective
    forward = objective.forward

    def limited(batch: Any, *inputs: Any) -> Any:
        result = forward(batch, *inputs)
        if len(batch.ids) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return result

    objective.forward = limited


def tensors_of(folder: Path, file: str) -> dict[str, torch.Tensor]:
    return read_checkpoint(folder, kind="training").read_tensors(f"{file}.safetensors")


def assert_alike(ours: Path, theirs: Path) -> None:
    for file in FILES:
        found, wanted = tensors_of(ours, file), tensors_of(theirs, file)
        assert found.keys() == wanted.keys()
        for name, tensor in found.items():
            torch.testing.assert_close(tensor, wanted[name], rtol=0, atol=2e-4, msg=f"{file}: {name}")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[float]]:
    run = shaped(tmp_path_factory.mktemp("alone") / "run")
    return run, go(run, 1, steps=4)[0]


@pytest.mark.parametrize("count", [2, 3])
def test_a_run_in_shards_is_the_run_of_one_process(tmp_path: Path, alone: tuple[Run, list[float]], count: int) -> None:
    """Losses, norms, and every tensor on the disk; with a stage that freezes some of a stack, and some of a block."""
    run = shaped(tmp_path / "run", sharding="full")
    for measured in go(run, count, steps=4):
        assert measured == pytest.approx(alone[1], rel=1e-4)
    assert_alike(run.folder.steps.place(4), alone[0].folder.steps.place(4))
    best = [read_checkpoint(each.folder.best, kind="voice") for each in (run, alone[0])]
    assert [tensor.shape for tensor in best[0].tensors.values()] == [each.shape for each in best[1].tensors.values()]


@pytest.mark.parametrize(("first", "then"), [("full", "none"), ("none", "full")])
def test_a_run_goes_on_in_shards_or_not_with_any_number_of_processes(
    tmp_path: Path, alone: tuple[Run, list[float]], first: str, then: str
) -> None:
    begun = go(shaped(tmp_path / "run", sharding=first), 2, steps=2)
    assert begun[0][:4] == pytest.approx(alone[1][:4], rel=1e-4)
    run = shaped(tmp_path / "run", sharding=then)
    for measured in go(run, 1 if then == "none" else 3, steps=2, began=True):
        assert measured == pytest.approx(alone[1][4:], rel=1e-4)
    assert_alike(run.folder.steps.place(4), alone[0].folder.steps.place(4))


def test_what_is_put_together_and_cut_again_is_the_same_to_the_bit(tmp_path: Path) -> None:
    run = shaped(tmp_path / "run", sharding="full")
    go(run, 2, steps=2)
    before = {file: tensors_of(run.folder.steps.place(2), file) for file in FILES}
    go(run, 3, steps=0, began=True)
    for file, tensors in before.items():
        assert all(
            torch.equal(tensors[name], each) for name, each in tensors_of(run.folder.steps.place(2), file).items()
        )


def test_where_memory_ends_for_one_all_leave_the_exchange_of_shards(
    tmp_path: Path, alone: tuple[Run, list[float]]
) -> None:
    for measured in go(shaped(tmp_path / "run", sharding="full"), 2, steps=4, most=1):
        assert measured == pytest.approx(alone[1], rel=1e-4)
    with pytest.raises(RuntimeError) as caught:
        go(shaped(tmp_path / "run", sharding="full"), 2, steps=4, most=-1)
    assert shortage_of(caught.value) == "memory"


def test_a_scaled_loss_is_scaled_alike_whoever_computes_it(tmp_path: Path) -> None:
    """In fp16: the first scale overflows in one process as in several, whose step is passed over then."""
    ways = (("one", 1, "none"), ("two", 2, "none"), ("shards", 2, "full"))
    runs = [shaped(tmp_path / name, precision="fp16", sharding=sharding, stages=()) for name, _, sharding in ways]
    measured = [go(run, count, steps=3) for run, (_, count, _) in zip(runs, ways, strict=True)]
    states = [read_checkpoint(run.folder.steps.place(3), kind="training").read_json("state.json") for run in runs]
    assert states[0]["scale"] == states[1]["scale"] == states[2]["scale"]
    for each in (*measured[1], *measured[2]):
        assert each == pytest.approx(measured[0][0], rel=0.02, nan_ok=True)


def test_adapters_in_shards_are_merged_into_a_whole_voice(tmp_path: Path) -> None:
    sets = {"adapter": {"method": "dora", "dropout": 0.0}, "stages": ()}
    measured, kept = [], []
    for name, count, sharding in (("one", 1, "none"), ("two", 2, "full")):
        run = shaped(tmp_path / name, base=Base("b", None), sharding=sharding, **sets)
        measured.append(go(run, count, steps=2)[0])
        kept.append(read_checkpoint(run.folder.best, kind="voice").tensors)
    assert measured[0] == pytest.approx(measured[1], rel=1e-4)
    assert kept[0].keys() == kept[1].keys()
    for name, tensor in kept[0].items():
        torch.testing.assert_close(kept[1][name], tensor, rtol=0, atol=2e-4, msg=name)


def test_a_process_holds_its_share_of_the_stacks_and_their_names_stay(tmp_path: Path) -> None:
    run = shaped(tmp_path / "run")
    whole = {name: parameter.shape for name, parameter in run.model.named_parameters()}
    inside = {f"{prefix}.{name}" for prefix, block in blocks_of(run.model) for name, _ in block.named_parameters()}

    def look(processes: ThreadProcesses) -> None:
        model = copy.deepcopy(run.model)
        shards = shard(model, processes, keeps=processes.leads)
        assert set(shards.shapes) == inside
        for name, parameter in model.named_parameters():
            held = parameter.numel() if name not in inside else -(-whole[name].numel() // 2)
            assert (parameter.numel(), shards.shape(name, parameter)) == (held, whole[name])
            together_again = shards.whole(name, parameter.detach())
            assert together_again.shape == (whole[name] if processes.leads or name not in inside else (0,))
            if processes.leads:
                assert torch.equal(shards.own(name, together_again), parameter)

    together(2, look)
    assert WHOLE.whole("any", torch.ones(2)).shape == (2,)


def test_the_norm_of_gradients_is_that_of_all_shards() -> None:
    def clip(processes: ThreadProcesses) -> tuple[float, list[float]]:
        stack, rest = torch.nn.Linear(3, 1, bias=False), torch.nn.Parameter(torch.zeros(1))
        stack.weight.data = torch.zeros(2)
        shards = replace(WHOLE, parameters=frozenset(stack.parameters()))
        stack.weight.grad = torch.tensor([[2.0, 4.0], [5.0, 0.0]])[processes.index]
        rest.grad = torch.tensor([2.0])
        norm = clip_gradients([rest, *stack.parameters()], 0.7, shards, processes)
        return norm.item(), [*rest.grad.tolist(), *stack.weight.grad.tolist()]

    for (norm, gradients), wanted in zip(together(2, clip), ([0.2, 0.2, 0.4], [0.2, 0.5, 0.0]), strict=True):
        assert norm == 7.0
        assert gradients == pytest.approx(wanted, rel=1e-5)
