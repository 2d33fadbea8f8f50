"""``ckpt show``: the manifest, whole."""

from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint, tiny_manifest

from amhctl.checkpoint.manifest import Manifest
from amhctl.core.errors import CheckpointError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.ckpt.show import ShowCheckpointRequest, run


def test_it_shows_the_whole_manifest(tmp_path: Path) -> None:
    report = run(ShowCheckpointRequest(tiny_checkpoint(tmp_path / "voice")), SilentProgress())
    shown = Manifest.model_validate(report.payload()["manifest"])
    assert shown.model_copy(update={"files": {}}) == tiny_manifest()
    lines = list(report.lines())
    assert 'name: "tiny"' in lines
    assert "  codebook_size: 16" in lines
    assert report.ok


def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no manifest\.json"):
        run(ShowCheckpointRequest(tmp_path), SilentProgress())
