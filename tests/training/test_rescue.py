"""Twin of ``training/rescue.py``."""

import errno
import os
from pathlib import Path

import pytest

from amhctl.core.errors import TrainingError
from amhctl.training.rescue import explain_shortages
from amhctl.training.state import RunFolder


def test_what_is_saved_and_how_to_go_on_is_said(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "file"))
    with (
        pytest.raises(TrainingError, match="disk is full; no checkpoint has been saved") as caught,
        explain_shortages(folder),
    ):
        raise full
    assert caught.value.subject == str(tmp_path / "file")
    folder.steps.place(7).mkdir(parents=True)
    folder.best.mkdir()
    with pytest.raises(TrainingError, match="step-00000007 is saved") as caught, explain_shortages(folder):
        raise MemoryError
    assert f"--resume {folder.root}" in caught.value.hint
    assert f"--base {folder.best}" in caught.value.hint


def test_another_fault_of_the_system_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), explain_shortages(RunFolder(tmp_path)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
