"""Runs of one of several processes, one after the other, so that torch is started once for all of them.

Launched with a file that lists them, each a ``SharedRun``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from support.training_world import TrainingWorld, request_training

from amhctl.core.progress import SilentProgress
from amhctl.training.objective import Objective
from amhctl.workflows.train import TrainRequest, run

SECONDS = 300
"""How long all runs may take: one that hangs fails."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """A run that several processes share.

    Attributes
    ----------
    folder : str
        Of the run.
    store, vocabulary : str
        What a new one learns from; a run that goes on needs none.
    sets : tuple[str, ...]
        Settings.
    most : int
        Items that the second process holds at once, if that is limited.
    """

    folder: str
    store: str = ""
    vocabulary: str = ""
    sets: tuple[str, ...] = ()
    most: int = 0


def launch(folder: Path, runs: Sequence[SharedRun], *, processes: int = 2) -> None:
    """Let processes share runs, by torch's own launcher and gloo."""
    jobs = folder / "runs.json"
    jobs.write_text(json.dumps([asdict(each) for each in runs]))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    tests = str(Path(__file__).parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((tests, os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [*command, __file__, str(jobs)], capture_output=True, text=True, env=environment, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr


def take_part(each: SharedRun) -> None:
    """Share one run."""
    forward = Objective.forward
    if each.most and os.environ["RANK"] == "1":
        Objective.forward = _limited(each.most)  # type: ignore[method-assign]
    try:
        if each.store:
            world = TrainingWorld(Path(each.store), Path(each.vocabulary))
            run(request_training(world, Path(each.folder), *each.sets, aligned=True), SilentProgress())
        else:
            run(TrainRequest(resume=Path(each.folder), sets=each.sets, device="cpu"), SilentProgress())
    finally:
        Objective.forward = forward  # type: ignore[method-assign]


def _limited(most: int) -> Any:
    forward = Objective.forward

    def limited(self: Objective, batch: Any, *inputs: Any) -> Any:
        if len(batch.ids) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, batch, *inputs)

    return limited


if __name__ == "__main__":
    for entry in json.loads(Path(sys.argv[1]).read_text()):
        take_part(SharedRun(**entry))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    # All that is tested is written. One process was once aborted by C++ without a word, perhaps while torch was taken
    # down, which is nothing of ours.
    sys.stdout.flush()
    os._exit(0)
