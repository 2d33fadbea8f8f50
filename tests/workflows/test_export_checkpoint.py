"""``ckpt export``: the same voice at half the size."""

from pathlib import Path

import pytest
import torch
from support.voices import tiny_voice_folder

from amhctl.checkpoint.store import read_checkpoint, read_manifest
from amhctl.core.errors import CheckpointError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import load_voice
from amhctl.workflows.export_checkpoint import ExportCheckpointRequest, run
from amhctl.workflows.validate_checkpoint import ValidateCheckpointRequest
from amhctl.workflows.validate_checkpoint import run as validate


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tiny_voice_folder(tmp_path / "made")


def test_an_exported_voice_is_sound_and_the_same_but_for_its_precision(voice: Path, tmp_path: Path) -> None:
    report = run(ExportCheckpointRequest(voice, tmp_path / "out", name="mine"), SilentProgress())
    before, after = (read_checkpoint(folder, kind="voice") for folder in (voice, tmp_path / "out"))
    assert after.manifest.name == "mine" == report.manifest.name
    changed = {"name", "files"}
    assert after.manifest.model_dump(exclude=changed) == before.manifest.model_dump(exclude=changed)
    for name, tensor in before.tensors.items():
        wanted = tensor.half() if tensor.is_floating_point() else tensor
        assert torch.equal(after.tensors[name], wanted), name
    assert validate(ValidateCheckpointRequest(tmp_path / "out"), SilentProgress()).ok
    weights = [(folder / "model.safetensors").stat().st_size for folder in (voice, tmp_path / "out")]
    assert weights[1] < 0.6 * weights[0]
    assert report.size == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_a_codec_beside_the_voice_comes_along(voice: Path, tmp_path: Path) -> None:
    assert (voice / "codec").is_dir()
    run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert load_voice(str(tmp_path / "out")).codec.spec == load_voice(str(voice)).codec.spec


def test_an_existing_output_is_kept_unless_forced(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsRefused):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert list((tmp_path / "out").iterdir()) == []
    run(ExportCheckpointRequest(voice, tmp_path / "out", force=True), SilentProgress())
    assert read_manifest(tmp_path / "out").kind == "voice"


def test_a_tampered_voice_and_a_training_state_are_not_handed_on(voice: Path, tmp_path: Path) -> None:
    with (voice / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="sha256"):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()
    text = (voice / "manifest.json").read_text().replace('"kind": "voice"', '"kind": "training"')
    (voice / "manifest.json").write_text(text)
    with pytest.raises(CheckpointError, match="not handed on"):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
