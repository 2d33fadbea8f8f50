"""A verified folder gives the files that its manifest names, and no others."""

from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint

from amhctl.checkpoint.folder import verify_folder
from amhctl.core.errors import CheckpointError


def test_named_files_are_read_and_others_refused(tmp_path: Path) -> None:
    verified = verify_folder(tiny_checkpoint(tmp_path / "voice"), kind="voice")
    name = next(name for name in verified.manifest.files if name.endswith(".json"))
    assert verified.path(name) == verified.folder / name
    assert verified.read_bytes(name).decode() == verified.read_text(name)
    assert isinstance(verified.read_json(name), dict)
    (verified.folder / "stranger.json").write_text("{}")
    for read in (verified.path, verified.read_bytes, verified.read_text, verified.read_json):
        with pytest.raises(CheckpointError, match=r"no file stranger\.json") as caught:
            read("stranger.json")
        assert name in caught.value.hint
