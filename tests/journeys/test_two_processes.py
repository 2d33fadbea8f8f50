"""Several processes: what one process measures, two measure too (through torch's own launcher and gloo)."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.several_runs import SharedRun, launch
from support.training_world import build_training_world, read_measured, request_training

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.progress import SilentProgress
from amhctl.workflows.train import TrainRequest, run

pytestmark = pytest.mark.journey
SETS = ("model.dropout=0.0", "training.code_replacement=0.0", "training.steps=4")
SHARDS = "training.sharding=full"
HALVES = ("training.steps=4", "training.valid_every=2", "training.save_every=2")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with runs of one process, and what two made of the same: torch is started once for all."""
    folder = tmp_path_factory.mktemp("shared")
    aligned, plain = build_training_world(folder / "aligned", aligned=True), build_training_world(folder / "plain")
    former = build_training_world(folder / "former", seed=7).store
    run(request_training(aligned, folder / "one", *SETS, "training.accumulation=2", aligned=True), SilentProgress())
    run(request_training(aligned, folder / "begun", *HALVES, aligned=True), SilentProgress())
    run(request_training(plain, folder / "base", "training.steps=2"), SilentProgress())
    tuning = (
        *HALVES,
        "training.adapter.method=adalora",
        "training.adapter.attention_rank=4",
        "training.adapter.target_rank=2",
        f"paths.replay={former}",
        f"paths.probe={former}",
        "training.replay_share=0.3",
        "training.accumulation=2",
    )
    tuned = replace(request_training(plain, folder / "tuned", *tuning), base=folder / "base/best")
    run(tuned, SilentProgress())
    for name in ("begun", "tuned"):
        shutil.copytree(folder / name, folder / f"{name}-two")
        shutil.rmtree(folder / f"{name}-two/checkpoints/step-00000004")
    new = SharedRun(str(folder / "two"), str(aligned.store), str(aligned.vocabulary), SETS)
    launch(
        folder,
        (
            new,
            replace(new, folder=str(folder / "short"), most=1),
            replace(new, folder=str(folder / "shards"), sets=(*SETS, SHARDS)),
            replace(new, folder=str(folder / "short-shards"), sets=(*SETS, SHARDS), most=1),
            SharedRun(str(folder / "begun-two"), sets=(SHARDS,)),
            SharedRun(str(folder / "tuned-two")),
        ),
    )
    return folder


def measured(folder: Path) -> list[dict[str, Any]]:
    return [entry for entry in read_measured(folder) if entry["kind"] != "event"]


@pytest.mark.parametrize("name", ["two", "short", "shards", "short-shards"])
def test_two_processes_train_like_one(shared: Path, name: str) -> None:
    """Also in shards; and where memory ends in one of them, and both compute smaller parts from then on."""
    one, two = measured(shared / "one"), measured(shared / name)
    assert [(entry["kind"], entry["step"]) for entry in one] == [(entry["kind"], entry["step"]) for entry in two]
    for ours, theirs in zip(one, two, strict=True):
        assert ours["code"] == pytest.approx(theirs["code"], rel=1e-4)
        assert ours["duration"] == pytest.approx(theirs["duration"], rel=1e-4)
        if ours["kind"] == "step":
            # Adam hides the scale of a gradient; its norm does not, and clipping depends on it.
            assert ours["norm"] == pytest.approx(theirs["norm"], rel=1e-3)
    best = [json.loads((shared / each / "best" / "manifest.json").read_text()) for each in ("one", name)]
    assert best[0]["metrics"]["valid_code_loss"] == pytest.approx(best[1]["metrics"]["valid_code_loss"], rel=1e-4)


@pytest.mark.parametrize("name", ["two", "shards"])
def test_they_keep_what_one_keeps(shared: Path, name: str) -> None:
    for file in ("model", "average", "optimizer"):
        ours, theirs = (
            read_checkpoint(shared / each / "checkpoints/step-00000004", kind="training").read_tensors(
                f"{file}.safetensors"
            )
            for each in (name, "one")
        )
        assert ours.keys() == theirs.keys()
        for key, tensor in ours.items():
            torch.testing.assert_close(tensor, theirs[key], rtol=0, atol=5e-4, msg=f"{file}: {key}")


@pytest.mark.parametrize("name", ["short", "short-shards"])
def test_where_memory_ends_in_one_process_that_is_told(shared: Path, name: str) -> None:
    told = [entry for entry in read_measured(shared / name) if entry["kind"] == "event"]
    assert [(entry["step"], entry["event"]) for entry in told] == [(0, "split"), (2, "split")]
    assert told[0]["why"] == (
        "too little memory (another process is out of memory): each micro-batch is computed in 2 parts from now on"
    )
    state = json.loads((shared / name / "checkpoints/step-00000004/state.json").read_text())
    assert state["parts"] == 4
    assert not [entry for entry in read_measured(shared / "two") if entry["kind"] == "event"]


def test_one_process_goes_on_with_a_run_that_two_began_in_shards(shared: Path) -> None:
    sets = ("training.steps=5", "training.valid_every=5", "training.sharding=none")
    for name in ("one", "shards"):
        shutil.copytree(shared / name, shared / f"{name}-longer")
        run(TrainRequest(resume=shared / f"{name}-longer", sets=sets, device="cpu"), SilentProgress())
    ours, theirs = (measured(shared / f"{name}-longer") for name in ("shards", "one"))
    assert [(entry["kind"], entry["step"]) for entry in ours[-2:]] == [("step", 5), ("valid", 5)]
    for shards, whole in zip(ours, theirs, strict=True):
        assert shards["code"] == pytest.approx(whole["code"], rel=1e-4)


def test_two_processes_go_on_with_a_run_that_one_began(shared: Path) -> None:
    """In shards, with its batches, its dropout and noise: a step of one micro-batch stays one of one, not of two."""
    ours, theirs = measured(shared / "begun"), measured(shared / "begun-two")
    assert [(entry["kind"], entry["step"]) for entry in ours] == [(entry["kind"], entry["step"]) for entry in theirs]
    for alone, both in zip(ours, theirs, strict=True):
        assert both["code"] == pytest.approx(alone["code"], rel=1e-4)
    noted = json.loads((shared / "begun-two/checkpoints/step-00000004/manifest.json").read_text())["training"]
    assert (noted["processes"], noted["batches_per_step"]) == (2, 1)


def test_two_processes_go_on_with_a_fine_tune_that_one_began(shared: Path) -> None:
    """With frozen parts, adapters whose ranks are distributed, and former data that are replayed and probed."""
    for alone, both in zip(measured(shared / "tuned"), measured(shared / "tuned-two"), strict=True):
        assert both["code"] == pytest.approx(alone["code"], rel=1e-4)
        assert both.get("probe") == (None if "probe" not in alone else pytest.approx(alone["probe"], rel=1e-4))
