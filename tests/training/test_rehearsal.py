"""Twin of ``training/rehearsal.py``."""

from pathlib import Path

from support.training_runs import build_run

from amhctl.core.progress import SilentProgress
from amhctl.training.rehearsal import rehearse


def test_a_rehearsal_measures_and_leaves_no_run(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", accumulation=2)
    rehearsal = rehearse(run, SilentProgress(), device="cpu")
    assert not run.folder.root.exists()
    assert rehearsal.loss > 0
    assert rehearsal.run_seconds == rehearsal.step_seconds * run.config.steps
    assert rehearsal.checkpoint_bytes > 4 * 4 * sum(parameter.numel() for parameter in run.model.parameters())
