"""Several processes: what one process measures, two measure too (through torch's own launcher and gloo)."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.training_world import build_training_world, read_measured, request_training

from amhctl.core.progress import SilentProgress
from amhctl.workflows.train import run

SETS = ("model.dropout=0.0", "training.code_replacement=0.0")
_CHILD = """
import sys
from pathlib import Path
from support.training_world import TrainingWorld, request_training
from amhctl.core.progress import SilentProgress
from amhctl.workflows.train import run

store, vocabulary, folder, *sets = sys.argv[1:]
run(request_training(TrainingWorld(Path(store), Path(vocabulary)), Path(folder), *sets, aligned=True), SilentProgress())
"""

_CHILD_THAT_GOES_ON = """
import sys
from pathlib import Path
from amhctl.core.progress import SilentProgress
from amhctl.workflows.train import TrainRequest, run

run(TrainRequest(resume=Path(sys.argv[1]), device="cpu"), SilentProgress())
"""


@pytest.mark.journey
def test_two_processes_train_like_one(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, aligned=True)
    run(request_training(world, tmp_path / "one", *SETS, "training.accumulation=2", aligned=True), SilentProgress())
    script = tmp_path / "child.py"
    script.write_text(_CHILD)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    arguments = [str(world.store), str(world.vocabulary), str(tmp_path / "two"), *SETS]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run([*launch, *arguments], check=True, capture_output=True, env=environment)
    one, two = read_measured(tmp_path / "one"), read_measured(tmp_path / "two")
    assert [(entry["kind"], entry["step"]) for entry in one] == [(entry["kind"], entry["step"]) for entry in two]
    for ours, theirs in zip(one, two, strict=True):
        assert ours["code"] == pytest.approx(theirs["code"], rel=1e-4)
        assert ours["duration"] == pytest.approx(theirs["duration"], rel=1e-4)
        if ours["kind"] == "step":
            # Adam hides the scale of a gradient; its norm does not, and clipping depends on it.
            assert ours["norm"] == pytest.approx(theirs["norm"], rel=1e-3)
    best = [json.loads((tmp_path / name / "best" / "manifest.json").read_text()) for name in ("one", "two")]
    assert best[0]["metrics"]["valid_code_loss"] == pytest.approx(best[1]["metrics"]["valid_code_loss"], rel=1e-4)


@pytest.mark.journey
def test_two_processes_go_on_with_a_run_that_one_began(tmp_path: Path) -> None:
    """With its batches, its dropout and its noise: a step of one micro-batch stays one of one, not of two."""
    world = build_training_world(tmp_path, aligned=True)
    run(request_training(world, tmp_path / "one", aligned=True), SilentProgress())
    two = shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(two / "checkpoints" / "step-00000008")
    script = tmp_path / "child.py"
    script.write_text(_CHILD_THAT_GOES_ON)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run([*launch, str(two)], check=True, capture_output=True, env=environment)
    ours, theirs = read_measured(tmp_path / "one"), read_measured(two)
    assert [(entry["kind"], entry["step"]) for entry in ours] == [(entry["kind"], entry["step"]) for entry in theirs]
    for alone, shared in zip(ours, theirs, strict=True):
        assert shared["code"] == pytest.approx(alone["code"], rel=1e-4)
    noted = json.loads((two / "checkpoints" / "step-00000008" / "manifest.json").read_text())["training"]
    assert (noted["processes"], noted["batches_per_step"]) == (2, 1)


@pytest.mark.journey
def test_two_processes_go_on_with_a_fine_tune_that_one_began(tmp_path: Path) -> None:
    """With frozen parts, adapters whose ranks are distributed, and former data that are replayed and probed."""
    world = build_training_world(tmp_path)
    former = build_training_world(tmp_path / "former", seed=7).store
    run(request_training(world, tmp_path / "base", "training.steps=2"), SilentProgress())
    sets = (
        "training.adapter.method=adalora",
        "training.adapter.attention_rank=4",
        "training.adapter.target_rank=2",
        f"paths.replay={former}",
        f"paths.probe={former}",
        "training.replay_share=0.3",
        "training.accumulation=2",
    )
    run(replace(request_training(world, tmp_path / "one", *sets), base=tmp_path / "base/best"), SilentProgress())
    two = shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(two / "checkpoints" / "step-00000008")
    script = tmp_path / "child.py"
    script.write_text(_CHILD_THAT_GOES_ON)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run([*launch, str(two)], check=True, capture_output=True, env=environment)
    for alone, shared in zip(read_measured(tmp_path / "one"), read_measured(two), strict=True):
        assert shared["code"] == pytest.approx(alone["code"], rel=1e-4)
        assert shared.get("probe") == (None if "probe" not in alone else pytest.approx(alone["probe"], rel=1e-4))
