"""Twin of ``training/rescue.py``."""

from pathlib import Path

from amhctl.training.checkpoints import Checkpoints
from amhctl.training.rescue import way_out_of


def test_what_is_saved_and_how_to_go_on_is_said(tmp_path: Path) -> None:
    steps, best = Checkpoints(tmp_path / "checkpoints"), tmp_path / "best"
    first = way_out_of(steps, go_on="resume it", best=best, lighter="less")
    assert (first.sound, first.again) == ("no checkpoint has been saved yet", "then start again")
    assert first.lighter == "give the run more memory, or start a new one with less"
    steps.place(7).mkdir(parents=True)
    best.mkdir()
    later = way_out_of(steps, go_on="resume it", best=best, lighter="less")
    assert (later.sound, later.again) == ("step-00000007 is saved", "then resume it")
    assert f"--base {best}" in later.lighter
