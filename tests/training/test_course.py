"""Twin of ``training/course.py``: whole runs of a tiny voice, interrupted, out of memory or at fault."""

import errno
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from support.training_faults import damage, exhaust, poison
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.checkpoint import store as store_module
from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import ShortageError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.journal import Journal, Kind
from amhctl.training.loop import Loop
from amhctl.training.run import Run, Said
from amhctl.training.state import Best, RunFolder


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


def test_a_run_in_fp16_scales_its_loss_and_goes_on_at_the_scale_it_had(tmp_path: Path) -> None:
    shape: dict[str, Any] = {"precision": "fp16", "save_every": 3, "decay_steps": 6}
    whole = build_run(tmp_path / "whole", steps=6, **shape)
    train(whole, SilentProgress(), device="cpu", resume=False)
    theirs = whole.folder.steps.newest_sound().checkpoint
    state = theirs.read_json("state.json")
    told = [entry for entry in read_measured(tmp_path / "whole") if entry["kind"] == "event"]
    # The first scales are too large for this voice: steps that are not taken, each halves it.
    assert [(entry["step"], entry["event"]) for entry in told] == [(1, "skipped"), (2, "skipped")]
    assert "overflows in fp16, its loss scaled by 65536" in str(told[0]["why"])
    assert state["scale"] == {"factor": 16384.0, "taken": 4}
    assert state["watch"]["bad"] == 0  # type: ignore[call-overload,index]
    norms = [float(str(entry["norm"])) for entry in read_measured(tmp_path / "whole") if entry["kind"] == "step"]
    # What is clipped is the gradient itself, not the scaled one.
    assert max(norms) < 100
    train(build_run(tmp_path / "half", steps=3, **shape), SilentProgress(), device="cpu", resume=False)
    train(build_run(tmp_path / "half", steps=6, **shape), SilentProgress(), device="cpu", resume=True)
    ours = RunFolder(tmp_path / "half").steps.newest_sound().checkpoint
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())
    assert ours.read_json("state.json")["scale"] == state["scale"]


def test_a_device_that_runs_out_of_memory_computes_the_same_in_smaller_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape: dict[str, Any] = {
        "dropout": 0.0,
        "code_replacement": 0.3,
        "batch_frames": 120,
        "accumulation": 2,
        "save_every": 4,
    }
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

    monkeypatch.setattr(Loop, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(build_run(tmp_path / "broken"), SilentProgress(), device="cpu", resume=False)
    assert [folder.name for folder in (tmp_path / "broken" / "checkpoints").iterdir()] == ["step-00000003"]
    monkeypatch.undo()
    outcome = train(build_run(tmp_path / "broken"), SilentProgress(), device="cpu", resume=True)
    assert outcome.state.step == 8
    assert read_measured(tmp_path / "broken") == read_measured(tmp_path / "whole")


def test_only_the_newest_checkpoints_and_the_best_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_run(tmp_path, save_every=1, valid_every=1, keep_checkpoints=3)

    def second_is_best(loop: Loop, losses: object, matched: object) -> bool:
        better = loop.state.step == 2
        if better:
            loop.state = loop.state.model_copy(update={"best": Best(step=2, loss=0.1)})
        return better

    monkeypatch.setattr(Loop, "judge", second_is_best)
    train(run, SilentProgress(), device="cpu", resume=False)
    assert [folder.name[-1] for folder in run.folder.steps.saved()] == ["2", "6", "7", "8"]
    assert read_checkpoint(run.folder.best, kind="voice").manifest.training["step"] == 2


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
        save_file = store_module.save_file  # type: ignore[attr-defined]

        def full(tensors: object, path: Path, **rest: Any) -> None:
            if '"step":4' in str(rest.get("metadata")):
                raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
            save_file(tensors, path, **rest)  # type: ignore[arg-type]

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


def test_the_best_voice_is_the_one_that_says_most_and_a_run_that_goes_on_chooses_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {2: 0.25, 4: 0.5, 6: 0.5, 8: 0.375}

    def runs(name: str) -> Run:
        def say(voice: Path, step: int) -> Said:
            torch.randn(5)
            asked.append(step)
            assert read_checkpoint(voice, kind="voice").manifest.training["step"] == step
            return Said(f"said {step}", shares[step])

        shape: dict[str, Any] = {
            "valid_every": 2,
            "save_every": 4,
            "samples": 8,
            "best_by": "text_match",
            "learning_rate": 1e-6,
        }
        return replace(build_run(tmp_path / name, **shape), say_samples=say)

    asked: list[int] = []
    whole = runs("whole")
    outcome = train(whole, SilentProgress(), device="cpu", resume=False)
    assert asked == [2, 4, 6, 8]
    valid = {entry["step"]: entry for entry in read_measured(tmp_path / "whole") if entry["kind"] == "valid"}
    assert {step: entry["text_match"] for step, entry in valid.items()} == shares
    # Of two that say as much, the one of lesser loss.
    best = min((4, 6), key=lambda step: valid[step]["code"])  # type: ignore[arg-type,return-value]
    assert outcome.state.best == Best(step=best, loss=valid[best]["code"], text_match=0.5)
    manifest = read_checkpoint(whole.folder.best, kind="voice").manifest
    assert (manifest.training["step"], manifest.metrics["valid_text_match"]) == (best, 0.5)
    assert not whole.folder.candidate.exists()
    take = Loop.step

    def interrupted(self: Loop, *arguments: Any) -> Any:
        result = take(self, *arguments)
        if self.state.step == 5:
            signal.raise_signal(signal.SIGINT)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(runs("broken"), SilentProgress(), device="cpu", resume=False)
    again = train(runs("broken"), SilentProgress(), device="cpu", resume=True)
    assert again.state == outcome.state
    assert read_measured(tmp_path / "broken") == read_measured(tmp_path / "whole")


def test_a_run_ends_when_its_voice_says_no_more(tmp_path: Path) -> None:
    shape: dict[str, Any] = {
        "valid_every": 1,
        "samples": 8,
        "best_by": "text_match",
        "patience": 2,
        "min_improvement": 5.0,
    }
    shares = iter((0.25, 0.5, 0.5, 0.375, 1.0))
    run = replace(build_run(tmp_path, **shape), say_samples=lambda *_: Said("", next(shares)))
    outcome = train(run, SilentProgress(), device="cpu", resume=False)
    assert (outcome.state.step, outcome.stopped_early) == (4, True)
    assert outcome.state.best is not None
    assert outcome.state.best.text_match == 0.5
