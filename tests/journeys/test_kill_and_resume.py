"""A run killed in the middle goes on as if nothing had happened: real processes, real SIGKILL, bit for bit."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.training_world import TINY_SETS, TrainingWorld, build_training_world, read_measured, request_training

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.progress import SilentProgress
from amhctl.workflows.train import TrainRequest, run

pytestmark = pytest.mark.journey

_DEADLY = """
import os, signal, sys, time
from pathlib import Path
from amhctl.core.progress import SilentProgress
from amhctl.training.journal import Journal
from amhctl.training import state
from amhctl.workflows.train import TrainRequest, run

store, vocabulary, folder, place, *sets = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def wait_for(step):
    # Checkpoints are written while the steps go on.
    while not Path(folder, "checkpoints", f"step-{step:08d}").exists():
        time.sleep(0.01)

write = Journal.write
def write_and_die(self, kind, step, values):
    write(self, kind, step, values)
    if kind == "step" and step == 7:
        wait_for(4)
        die()
    # The second checkpoint is killed while its files are being written.
    if place == "saving" and kind == "valid" and step == 4:
        wait_for(2)
        import amhctl.checkpoint.store as checkpoint_store
        checkpoint_store.sha256_of_file = die

Journal.write = write_and_die
run(
    TrainRequest(
        preset="tiny", data=Path(store), vocabulary=Path(vocabulary), run=Path(folder), sets=tuple(sets), device="cpu"
    ),
    SilentProgress(),
)
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"), aligned=True)


@pytest.fixture(scope="module")
def whole(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run(request_training(world, folder, "training.save_every=2", aligned=True), SilentProgress())
    return folder


@pytest.mark.parametrize(("place", "left"), [("stepping", {4, 6}), ("saving", {2})])
def test_a_killed_run_equals_an_uninterrupted_one(
    world: TrainingWorld, whole: Path, tmp_path: Path, place: str, left: set[int]
) -> None:
    folder = tmp_path / "killed"
    arguments = [str(world.store), str(world.vocabulary), str(folder), place, *TINY_SETS, "training.save_every=2"]
    killed = subprocess.run([sys.executable, "-c", _DEADLY, *arguments], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    newest = max(path.name for path in (folder / "checkpoints").glob("step-*"))
    # Of the last one it may have been killed in the midst.
    assert int(newest.removeprefix("step-")) in left
    run(TrainRequest(resume=folder, device="cpu"), SilentProgress())
    assert read_measured(folder) == read_measured(whole)
    for place_of_weights in ("best", "checkpoints/step-00000008"):
        kind = "voice" if place_of_weights == "best" else "training"
        ours, theirs = (read_checkpoint(root / place_of_weights, kind=kind).tensors for root in (folder, whole))
        assert {name: tensor.tolist() for name, tensor in ours.items()} == {n: t.tolist() for n, t in theirs.items()}
