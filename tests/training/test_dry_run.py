"""Twin of ``training/dry_run.py``."""

from pathlib import Path

import pytest
from support.training_runs import build_run

from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.dry_run import do_dry_run
from amhctl.training.finetune import Base


def test_a_dry_run_measures_and_leaves_no_run(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", accumulation=2)
    dry_run = do_dry_run(run, SilentProgress(), device="cpu", resume=False)
    assert not run.folder.root.exists()
    assert dry_run.loss > 0
    assert dry_run.run_seconds == dry_run.step_seconds * run.config.steps
    assert dry_run.checkpoint_bytes > 4 * 4 * sum(parameter.numel() for parameter in run.model.parameters())


def test_a_run_that_goes_on_is_rehearsed_from_its_weights(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", dropout=0.0, code_replacement=0.0, learning_rate=0.05)
    train(run, SilentProgress(), device="cpu", resume=False)
    before = {path: path.read_bytes() for path in run.folder.root.rglob("*") if path.is_file()}
    fresh = do_dry_run(
        build_run(tmp_path / "new", dropout=0.0, code_replacement=0.0), SilentProgress(), device="cpu", resume=False
    )
    longer = build_run(tmp_path / "run", dropout=0.0, code_replacement=0.0, learning_rate=0.05, steps=10)
    dry_run = do_dry_run(longer, SilentProgress(), device="cpu", resume=True)
    assert dry_run.loss < fresh.loss - 0.1
    assert dry_run.run_seconds == dry_run.step_seconds * 2
    assert {path: path.read_bytes() for path in run.folder.root.rglob("*") if path.is_file()} == before
    done = build_run(tmp_path / "run", dropout=0.0, code_replacement=0.0, learning_rate=0.05)
    with pytest.raises(TrainingError, match="has done its 8 steps"):
        do_dry_run(done, SilentProgress(), device="cpu", resume=True)


def test_a_run_with_adapters_and_rows_apart_is_rehearsed(tmp_path: Path) -> None:
    """Saved and loaded without a difference, AdaLoRA's budget included."""
    base = Base("base", VocabularyGrowth(base_size=20, base_fingerprint="0" * 64))
    adapter = {"method": "adalora", "attention_rank": 4, "target_rank": 2}
    run = build_run(tmp_path / "run", aligned=False, base=base, text_rows="new", adapter=adapter)
    assert do_dry_run(run, SilentProgress(), device="cpu", resume=False).loss > 0
