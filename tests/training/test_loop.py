"""Twin of ``training/loop.py``: one step at a time, on a tiny voice."""

import copy
import errno
import math
import os
import signal
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

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
from amhctl.training import state as state_module
from amhctl.training.devices import connect_devices
from amhctl.training.export import Conditions
from amhctl.training.journal import Journal, Kind
from amhctl.training.loop import Loop, Run, train
from amhctl.training.losses import Losses, TargetCounts
from amhctl.training.objective import Objective, replace_frames
from amhctl.training.seeding import generator_of
from amhctl.training.state import Best, RunFolder


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


def poison(monkeypatch: pytest.MonkeyPatch, *steps: int, value: float = math.nan) -> None:
    """Let the losses of some steps be multiplied by a value, as if the arithmetic had failed."""
    accumulate = Loop._accumulate

    def accumulated(self: Loop, batch: Any, share: Any, counts: Any, step: int, *, last: bool) -> torch.Tensor:
        packed = accumulate(self, batch, share, counts, step, last=last)
        return packed * value if step in steps else packed

    monkeypatch.setattr(Loop, "_accumulate", accumulated)


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
    assert "the weights it began with" in loop.events[-1].why
    assert all(torch.equal(a, b) for a, b in zip(begun, weights(loop), strict=True))
    assert not loop.parts.optimizer.state
    assert loop.rate(5) == 0.5 * loop.schedule.rate(5)


def test_a_run_goes_back_to_its_last_good_checkpoint_the_same_however_often_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, 5, 6, 7)
    said: list[str] = []

    class Heard(SilentProgress):
        def say(self, message: str) -> None:
            said.append(message)

    whole = build_run(tmp_path / "whole", steps=10, save_every=4, keep_checkpoints=1)
    train(whole, Heard(), device="cpu", resume=False)
    told = [entry for entry in read_measured(tmp_path / "whole") if entry["kind"] == "event"]
    assert [(entry["step"], entry["event"]) for entry in told] == [(5, "skipped"), (6, "skipped"), (7, "returned")]
    assert "back to step-00000004" in str(told[-1]["why"])
    assert [line for line in said if line.startswith("step 7: ")]
    assert "cpu · fp32 · processes: 1" in said
    steps = [entry for entry in read_measured(tmp_path / "whole") if entry["kind"] == "step"]
    assert [entry["step"] for entry in steps] == [1, 2, 3, 4, 8, 9, 10]
    take = Loop.step

    def interrupted(self: Loop, *arguments: Any) -> Any:
        result = take(self, *arguments)
        if self.state.step == 6:
            signal.raise_signal(signal.SIGINT)
        return result

    broken = build_run(tmp_path / "broken", steps=10, save_every=4, keep_checkpoints=1)
    with monkeypatch.context() as patch:
        patch.setattr(Loop, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(broken, SilentProgress(), device="cpu", resume=False)
    # The good state is kept beside the one that was saved at the interruption.
    assert [folder.name[-1] for folder in broken.folder.steps.saved()] == ["4", "6"]
    broken = build_run(tmp_path / "broken", steps=10, save_every=4, keep_checkpoints=1)
    train(broken, SilentProgress(), device="cpu", resume=True)
    assert read_measured(tmp_path / "broken") == read_measured(tmp_path / "whole")
    ours, theirs = (read_checkpoint(run.folder.steps.place(10), kind="training") for run in (broken, whole))
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())
    assert ours.read_json("state.json") == theirs.read_json("state.json")


def test_a_run_that_diverges_again_and_again_gives_up_and_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, *range(3, 100))
    run = build_run(tmp_path / "run", steps=100, save_every=1, valid_every=100)
    with pytest.raises(TrainingError, match="diverges: the loss or its gradient is not finite") as caught:
        train(run, SilentProgress(), device="cpu", resume=False)
    assert "at step 20" in caught.value.message
    assert "training.learning_rate" in caught.value.hint
    assert run.folder.steps.newest_sound().checkpoint.folder.name == "step-00000020"


def test_a_validation_that_is_not_finite_takes_the_run_back(tmp_path: Path) -> None:
    loop = Loop(build_run(tmp_path), connect_devices("cpu"))
    begun = weights(loop)
    with torch.no_grad():
        next(loop.parts.average.model.parameters()).fill_(math.nan)
    assert not loop.judge(loop.validate())
    assert [event.name for event in loop.events] == ["returned"]
    assert math.isfinite(loop.validate().code)
    assert all(torch.equal(a, b) for a, b in zip(begun, weights(loop), strict=True))
    assert (loop.state.best, loop.state.stale) == (None, 1)


def test_a_run_in_fp16_scales_its_loss_and_goes_on_at_the_scale_it_had(tmp_path: Path) -> None:
    shape = {"precision": "fp16", "save_every": 3, "decay_steps": 6}
    whole = build_run(tmp_path / "whole", steps=6, **shape)
    train(whole, SilentProgress(), device="cpu", resume=False)
    theirs = whole.folder.steps.newest_sound().checkpoint
    state = theirs.read_json("state.json")
    told = [entry for entry in read_measured(tmp_path / "whole") if entry["kind"] == "event"]
    # The first scales are too large for this voice: steps that are not taken, each halves it.
    assert [(entry["step"], entry["event"]) for entry in told] == [(1, "skipped"), (2, "skipped")]
    assert "overflows in fp16, its loss scaled by 65536" in str(told[0]["why"])
    assert state["scale"] == {"factor": 16384.0, "taken": 4}
    assert state["watch"]["bad"] == 0
    norms = [float(str(entry["norm"])) for entry in read_measured(tmp_path / "whole") if entry["kind"] == "step"]
    # What is clipped is the gradient itself, not the scaled one.
    assert max(norms) < 100
    train(build_run(tmp_path / "half", steps=3, **shape), SilentProgress(), device="cpu", resume=False)
    train(build_run(tmp_path / "half", steps=6, **shape), SilentProgress(), device="cpu", resume=True)
    ours = RunFolder(tmp_path / "half").steps.newest_sound().checkpoint
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())
    assert ours.read_json("state.json")["scale"] == state["scale"]


def test_activations_computed_anew_change_no_bit_of_a_step(tmp_path: Path) -> None:
    moved = []
    for wanted in (False, True):
        loop = Loop(build_run(tmp_path / str(wanted), dropout=0.3, checkpointing=wanted), connect_devices("cpu"))
        loop.step(next(loop.groups()), loop.load_batches())
        moved.append(weights(loop))
    assert all(torch.equal(kept, anew) for kept, anew in zip(*moved, strict=True))


def test_steps_go_on_while_a_checkpoint_is_written_of_the_values_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, write = threading.Event(), state_module.write_checkpoint

    def slow(*arguments: Any, **rest: Any) -> object:
        gate.wait(30)
        return write(*arguments, **rest)

    monkeypatch.setattr(state_module, "write_checkpoint", slow)
    loop = Loop(build_run(tmp_path / "run"), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    loop.step(next(groups), batches)
    wanted = weights(loop)
    loop.save()
    loop.step(next(groups), batches)
    assert not all(torch.equal(a, b) for a, b in zip(wanted, weights(loop), strict=True))
    assert loop.run.folder.steps.saved() == ()
    gate.set()
    loop.wait_for_writes()
    saved = loop.run.folder.steps.newest_sound().checkpoint
    assert saved.read_json("state.json")["step"] == 1
    for (name, _), tensor in zip(loop.parts.model.named_parameters(), wanted, strict=True):
        assert torch.equal(saved.tensors[name], tensor)
    loop.writer.close()


def exhaust(monkeypatch: pytest.MonkeyPatch, most: int, *, at: int = 1) -> None:
    """Let the device hold no more than so many items at once, from a step on."""
    forward = Objective.forward

    def limited(self: Objective, batch: Any, *inputs: Any) -> Any:
        result = forward(self, batch, *inputs)
        if len(batch.ids) > most and limited.step >= at:  # type: ignore[attr-defined]
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nDetails follow.")
        return result

    accumulate_all = Loop._accumulate_all

    def counted(self: Loop, held: Any, shares: Any, counts: Any, step: int) -> torch.Tensor:
        limited.step = step  # type: ignore[attr-defined]
        return accumulate_all(self, held, shares, counts, step)

    limited.step = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(Objective, "forward", limited)
    monkeypatch.setattr(Loop, "_accumulate_all", counted)


def test_a_device_that_runs_out_of_memory_computes_the_same_in_smaller_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = {"dropout": 0.0, "code_replacement": 0.3, "batch_frames": 120, "accumulation": 2, "save_every": 4}
    train(build_run(tmp_path / "whole", **shape), SilentProgress(), device="cpu", resume=False)
    exhaust(monkeypatch, 1, at=3)
    run = build_run(tmp_path / "cut", **shape)
    outcome = train(run, SilentProgress(), device="cpu", resume=False)
    assert outcome.state.step == 8
    assert outcome.state.parts == 4
    told = [entry for entry in read_measured(tmp_path / "cut") if entry["kind"] == "event"]
    assert [(entry["step"], entry["event"]) for entry in told] == [(2, "split"), (2, "split")]
    assert told[0]["why"] == (
        "too little memory (CUDA out of memory. Tried to allocate 2.00 GiB.): each micro-batch is computed in 2 parts "
        "from now on"
    )
    ours, theirs = (
        [entry for entry in read_measured(tmp_path / name) if entry["kind"] != "event"] for name in ("cut", "whole")
    )
    assert [(entry["kind"], entry["step"]) for entry in ours] == [(entry["kind"], entry["step"]) for entry in theirs]
    for cut, whole in zip(ours, theirs, strict=True):
        assert cut["loss"] == pytest.approx(whole["loss"], rel=1e-4)
    # What goes on does so in as many parts, and need not run out of memory again.
    longer = build_run(tmp_path / "cut", **shape, steps=9)
    assert train(longer, SilentProgress(), device="cpu", resume=True).state.parts == 4
    assert len([entry for entry in read_measured(tmp_path / "cut") if entry["kind"] == "event"]) == 2


def test_an_utterance_that_the_device_cannot_hold_stops_the_run_and_loses_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhaust(monkeypatch, 0, at=3)
    run = build_run(tmp_path / "run", save_every=100, valid_every=100)
    with pytest.raises(ShortageError, match=r"too little memory .*; step-00000002 is saved"):
        train(run, SilentProgress(), device="cpu", resume=False)
    assert run.folder.steps.newest_sound().checkpoint.folder.name == "step-00000002"


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


def test_only_the_newest_checkpoints_and_the_best_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_run(tmp_path, save_every=1, valid_every=1, keep_checkpoints=3)

    def second_is_best(loop: Loop, losses: object) -> bool:
        better = loop.state.step == 2
        if better:
            loop.state = loop.state.model_copy(update={"best": Best(step=2, loss=0.1)})
        return better

    monkeypatch.setattr(loop_module.Loop, "judge", second_is_best)
    train(run, SilentProgress(), device="cpu", resume=False)
    assert [folder.name[-1] for folder in run.folder.steps.saved()] == ["2", "6", "7", "8"]
    assert read_checkpoint(run.folder.best, kind="voice").manifest.training["step"] == 2


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
