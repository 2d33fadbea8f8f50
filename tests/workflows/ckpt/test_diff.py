"""``ckpt diff``: every field and tensor that differs, and nothing else."""

from pathlib import Path

import pytest
import torch
from support.checkpoints import tiny_checkpoint, tiny_manifest, tiny_tensors

from amhctl.checkpoint.store import write_checkpoint
from amhctl.core.errors import CheckpointError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.ckpt.diff import DiffCheckpointsRequest, run


def test_equal_checkpoints_have_no_differences(tmp_path: Path) -> None:
    folders = [tiny_checkpoint(tmp_path / name) for name in ("one", "two")]
    report = run(DiffCheckpointsRequest(*folders), SilentProgress())
    assert report.payload() == {"differences": []}
    assert list(report.lines()) == ["no differences"]
    assert report.ok


def test_fields_and_tensors_are_named_with_both_sides(tmp_path: Path) -> None:
    first = tiny_checkpoint(tmp_path / "first")
    manifest = tiny_manifest().model_copy(update={"sample_rate": 24_000, "metrics": {"valid_loss": 4.0}})
    tensors = {**tiny_tensors(), "bias": torch.tensor([0.5, 0.5], dtype=torch.float16)}
    write_checkpoint(
        tmp_path / "second",
        manifest=manifest,
        tensors=tensors,
        extra_files={"text_state.json": b"{}", "vocabulary.model": b"v"},
        extra_tensors={"reference.safetensors": {"features": torch.ones(2, 2)}},
    )
    report = run(DiffCheckpointsRequest(first, tmp_path / "second"), SilentProgress())
    assert report.payload()["differences"] == [
        {"field": "metrics.valid_loss", "first": "4.5", "second": "4.0"},
        {"field": "sample_rate", "first": "16000", "second": "24000"},
        {"field": "bias", "first": "values", "second": "values differ by up to 1"},
    ]
    assert "sample_rate: 16000 | 24000" in report.lines()


def test_a_folder_that_is_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    first = tiny_checkpoint(tmp_path / "first")
    with pytest.raises(CheckpointError, match=r"no manifest\.json"):
        run(DiffCheckpointsRequest(first, tmp_path), SilentProgress())
