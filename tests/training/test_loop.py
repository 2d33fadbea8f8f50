"""Twin of ``training/loop.py``: one step at a time, on a tiny voice."""

import copy
import errno
import math
import os
import signal
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.checkpoint import store as store_module
from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import ShortageError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.data.batching import collate
from amhctl.training import loop as loop_module
from amhctl.training.devices import connect_devices
from amhctl.training.export import Conditions
from amhctl.training.journal import Journal, Kind
from amhctl.training.loop import Loop, Run, train
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
        inputs_BQS = replace_frames(batch, share, 16, generator_of(run.seed, "replacement", 1, 0))
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
    assert [folder.name[-1] for folder in run.folder.steps.saved()] == ["6", "7", "8"]


@pytest.mark.parametrize("aligned", [True, False])
def test_every_parameter_gets_a_gradient(tmp_path: Path, aligned: bool) -> None:
    """Or several processes, which wait for the gradient of each, would wait for ever."""
    loop = Loop(build_run(tmp_path, aligned=aligned, text_weight=0.0), connect_devices("cpu"))
    parameters = dict(loop.parts.model.named_parameters())
    seen: set[str] = set()
    for name, parameter in parameters.items():
        parameter.register_post_accumulate_grad_hook(partial(lambda found, _: seen.add(found), name))
    loop.step(next(loop.groups()), loop.load_batches())
    assert seen == set(parameters)


@dataclass
class Several:
    """An accelerator as one of several processes sees it, whose sums the test adds up."""

    inner: Accelerator
    process_index: int
    num_processes: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def clip_grad_norm_(self, parameters: list[torch.nn.Parameter], _norm: float) -> torch.Tensor:
        self.gradients = [parameter.grad.clone() for parameter in parameters if parameter.grad is not None]
        return torch.zeros(())


def gradients_of(run: Run, processes: int) -> list[torch.Tensor]:
    """Return the gradient of the first step as so many processes compute it together."""
    total: list[torch.Tensor] = []
    for process in range(processes):
        seen = Several(connect_devices("cpu"), process, processes)
        loop = Loop(replace(run, model=copy.deepcopy(run.model)), cast(Accelerator, seen))
        loop.conditions = replace(loop.conditions, batches_per_step=4)
        loop.step(next(loop.groups()), loop.load_batches())
        # Processes average their gradients.
        total = [a + b for a, b in zip(total, seen.gradients, strict=True)] if total else seen.gradients
    return [gradient / processes for gradient in total]


def test_several_processes_compute_what_one_does_dropout_and_noise_included(tmp_path: Path) -> None:
    run = build_run(tmp_path, dropout=0.3, code_replacement=0.5, batch_frames=60)
    one, two, three = (gradients_of(run, processes) for processes in (1, 2, 3))
    for alone, in_two, in_three in zip(one, two, three, strict=True):
        torch.testing.assert_close(in_two, alone, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(in_three, alone, rtol=1e-4, atol=1e-6)


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
    loop = Loop(again, cast(Accelerator, Several(connect_devices("cpu"), 0, 2)), again.folder.steps.newest_sound())
    assert loop.conditions == Conditions(precision="bf16", batches_per_step=2, device="cpu", processes=2)
    assert len(next(loop.groups()).batches) == 2


def test_fewer_steps_than_were_done_are_refused(tmp_path: Path) -> None:
    train(build_run(tmp_path / "run", steps=4), SilentProgress(), device="cpu", resume=False)
    with pytest.raises(TrainingError, match="has done 4 steps, more than the 3") as caught:
        train(build_run(tmp_path / "run", steps=3), SilentProgress(), device="cpu", resume=True)
    assert "training.steps=8" in caught.value.hint


def damage(folder: Path) -> None:
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)


def test_a_damaged_checkpoint_and_journal_do_not_keep_a_run_from_going_on(tmp_path: Path) -> None:
    train(build_run(tmp_path / "whole", save_every=2), SilentProgress(), device="cpu", resume=False)
    run = build_run(tmp_path / "run", save_every=2)
    train(run, SilentProgress(), device="cpu", resume=False)
    damage(run.folder.steps.place(8))
    lines = run.folder.journal.read_text().splitlines()
    run.folder.journal.write_text("\n".join([*lines[:2], "{half", *lines[2:]]) + "\n")
    outcome = train(build_run(tmp_path / "run", save_every=2), SilentProgress(), device="cpu", resume=True)
    assert [finding.code for finding in outcome.findings] == ["R007", "R008"]
    assert "step-00000006" in outcome.findings[0].hint
    assert read_measured(run.folder.root) == read_measured(tmp_path / "whole")
    ours, theirs = (
        read_checkpoint(root / "checkpoints/step-00000008", kind="training")
        for root in (run.folder.root, tmp_path / "whole")
    )
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())


def test_a_lost_best_voice_is_chosen_anew(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", steps=4)
    train(run, SilentProgress(), device="cpu", resume=False)
    damage(run.folder.best)
    outcome = train(build_run(tmp_path / "run", steps=8), SilentProgress(), device="cpu", resume=True)
    assert [finding.code for finding in outcome.findings] == ["R009"]
    assert outcome.state.best is not None
    assert outcome.state.best.step == 8
    assert read_checkpoint(run.folder.best, kind="voice").manifest.training["step"] == 8


@pytest.mark.parametrize("at", ["checkpoint", "journal"])
def test_a_full_disk_is_an_error_that_says_what_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    run = build_run(tmp_path / "run", save_every=2)
    if at == "checkpoint":
        save_file = store_module.save_file

        def full(tensors: object, path: Path, **rest: object) -> None:
            if '"step":4' in str(rest.get("metadata")):
                raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
            save_file(tensors, path, **rest)

        monkeypatch.setattr(store_module, "save_file", full)
    else:
        write = Journal.write

        def refuse(self: Journal, kind: Kind, step: int, values: dict[str, float | list[float]]) -> None:
            if step == 4:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(self, kind, step, values)

        monkeypatch.setattr(Journal, "write", refuse)
    with pytest.raises(ShortageError, match="disk is full; step-00000002 is saved") as caught:
        train(run, SilentProgress(), device="cpu", resume=False)
    assert f"--resume {run.folder.root}" in caught.value.hint
    monkeypatch.undo()
    train(build_run(tmp_path / "run", save_every=2), SilentProgress(), device="cpu", resume=True)
    train(build_run(tmp_path / "whole", save_every=2), SilentProgress(), device="cpu", resume=False)
    assert read_measured(run.folder.root) == read_measured(tmp_path / "whole")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: not enough memory: you tried to"),
    ],
)
def test_too_little_memory_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def exhausted(_self: Loop, *_: object) -> None:
        raise error

    monkeypatch.setattr(Loop, "step", exhausted)
    with pytest.raises(ShortageError, match=r"too little memory .*no checkpoint has been saved") as caught:
        train(build_run(tmp_path / "run"), SilentProgress(), device="cpu", resume=False)
    assert "training.batch_frames" in caught.value.hint


def test_another_fault_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_self: Loop, *_: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(Loop, "step", faulty)
    with pytest.raises(RuntimeError, match="mat1"):
        train(build_run(tmp_path / "run"), SilentProgress(), device="cpu", resume=False)
