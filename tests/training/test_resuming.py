import shutil
from pathlib import Path

import pytest
import torch
from support.training_runs import build_run

from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.assembly import assemble_parts
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.processes import Processes
from amhctl.training.resuming import resume


def test_fewer_steps_than_were_done_are_refused(tmp_path: Path) -> None:
    train(build_run(tmp_path / "run", steps=4), SilentProgress(), device="cpu", resume=False)
    with pytest.raises(TrainingError, match=r"has done 4 steps, more than training\.steps, 3") as caught:
        train(build_run(tmp_path / "run", steps=3), SilentProgress(), device="cpu", resume=True)
    assert "training.steps=8" in caught.value.hint


def test_a_best_voice_that_is_lost_is_told_and_chosen_again(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", steps=4)
    train(run, SilentProgress(), device="cpu", resume=False)
    began = run.folder.steps.newest_sound()
    parts = assemble_parts(run, torch.device("cpu"), Processes(connect_devices("cpu")))
    state, findings = resume(run, parts, began)
    assert (state.step, findings) == (4, ())
    assert state.best is not None
    shutil.rmtree(run.folder.best)
    without, told = resume(run, parts, began)
    assert [(finding.code, finding.subject) for finding in told] == [("R009", str(run.folder.best))]
    assert (without.best, without.stale) == (None, 0)
    assert without.model_copy(update={"best": state.best, "stale": state.stale}) == state
