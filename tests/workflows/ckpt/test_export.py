"""``ckpt export``: the same voice at half the size."""

import shutil
from pathlib import Path

import pytest
import torch
from support.damaged import of_all, rewrite, with_tensor
from support.speaking_flow import flow_voice_folder
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import VOCODER_FOLDER, read_manifest
from amhctl.checkpoint.store import read_checkpoint
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, VOCODER_GRAPH, vocoder_path
from amhctl.core.errors import CheckpointError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import load_voice
from amhctl.model.flow_files import GRAPHS, SPEAKERS_FILE
from amhctl.workflows.ckpt.export import ExportCheckpointRequest, run
from amhctl.workflows.ckpt.validate import ValidateCheckpointRequest
from amhctl.workflows.ckpt.validate import run as validate


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
    assert load_voice(str(tmp_path / "out")).codec.spec == load_voice(str(voice)).codec.spec  # type: ignore[union-attr]


def test_an_existing_output_is_kept_unless_forced(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsRefused):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert list((tmp_path / "out").iterdir()) == []
    run(ExportCheckpointRequest(voice, tmp_path / "out", force=True), SilentProgress())
    assert read_manifest(tmp_path / "out").kind == "voice"


@pytest.mark.parametrize(
    ("value", "fault"),
    [(1e6, "mel_head.weight: has NaN or infinite values"), (1e-9, "mel_head.weight: the matrix is zero")],
)
def test_what_half_precision_cannot_hold_is_not_handed_on(
    value: float, fault: str, voice: Path, tmp_path: Path
) -> None:
    rewrite(voice, tensors={"model.safetensors": with_tensor("mel_head.weight", lambda old: old.fill_(value))})
    run(ExportCheckpointRequest(tiny_voice_folder(tmp_path / "sound"), tmp_path / "out"), SilentProgress())
    before = (tmp_path / "out" / "model.safetensors").read_bytes()
    for output, force in ((tmp_path / "new", False), (tmp_path / "out", True)):
        with pytest.raises(CheckpointError, match=fault) as error:
            run(ExportCheckpointRequest(voice, output, force=force), SilentProgress())
        assert "nothing was written" in error.value.hint
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == before


def test_a_voice_with_a_broken_codec_is_not_handed_on(voice: Path, tmp_path: Path) -> None:
    rewrite(voice / "codec", tensors={"model.safetensors": of_all(torch.zeros_like)})
    with pytest.raises(CheckpointError, match="every tensor is zero"):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()


def test_a_tampered_voice_and_a_training_state_are_not_handed_on(voice: Path, tmp_path: Path) -> None:
    with (voice / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="sha256"):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()
    text = (voice / "manifest.json").read_text().replace('"kind": "voice"', '"kind": "training"')
    (voice / "manifest.json").write_text(text)
    with pytest.raises(CheckpointError, match="cannot be exported"):
        run(ExportCheckpointRequest(voice, tmp_path / "out"), SilentProgress())


def test_graphs_are_written_beside_the_weights_and_again_when_those_change(tmp_path: Path) -> None:
    plain = flow_voice_folder(tmp_path)
    shutil.copytree(vocoder_path(DEFAULT_VOCODER), plain / VOCODER_FOLDER)
    run(ExportCheckpointRequest(plain, tmp_path / "first", format="onnx"), SilentProgress())
    names = set(read_manifest(tmp_path / "first").files)
    assert set(GRAPHS) <= names
    assert VOCODER_GRAPH in read_manifest(tmp_path / "first" / VOCODER_FOLDER).files
    assert validate(ValidateCheckpointRequest(tmp_path / "first"), SilentProgress()).ok
    # A name longer by more than the eight bytes that headers are filled up to moves the weights within their file.
    request = ExportCheckpointRequest(
        tmp_path / "first", tmp_path / "second", name="a name of sixteen letters more", format="onnx"
    )
    run(request, SilentProgress())
    first, second = ((tmp_path / folder / GRAPHS[0]).read_bytes() for folder in ("first", "second"))
    assert first != second
    assert load_voice(str(tmp_path / "second")).manifest.name == "a name of sixteen letters more"
    # Weights alone are handed on without graphs, which might be others'.
    run(ExportCheckpointRequest(tmp_path / "second", tmp_path / "third"), SilentProgress())
    assert not set(GRAPHS) & set(read_manifest(tmp_path / "third").files)


def test_a_kind_without_graphs_says_so_before_anything_is_read(voice: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="unified-voice-1, a voice, cannot be exported as graphs") as caught:
        run(ExportCheckpointRequest(voice, tmp_path / "out", format="onnx"), SilentProgress())
    assert "flow-voice-1" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_only_the_speakers_that_are_asked_for_are_handed_on_in_their_order(tmp_path: Path) -> None:
    plain = flow_voice_folder(tmp_path)
    run(ExportCheckpointRequest(plain, tmp_path / "both", speakers=("m02", "f01")), SilentProgress())
    assert read_manifest(tmp_path / "both").speakers == ("m02", "f01")
    run(ExportCheckpointRequest(plain, tmp_path / "one", speakers=("m02",)), SilentProgress())
    kept = read_checkpoint(tmp_path / "one", kind="voice").read_tensors(SPEAKERS_FILE)
    known = read_checkpoint(plain, kind="voice").read_tensors(SPEAKERS_FILE)
    assert kept.keys() == {"m02"}
    assert torch.equal(kept["m02"], known["m02"])
    assert validate(ValidateCheckpointRequest(tmp_path / "one"), SilentProgress()).ok
    with pytest.raises(CheckpointError, match="no speaker 'nobody'") as caught:
        run(ExportCheckpointRequest(plain, tmp_path / "none", speakers=("nobody",)), SilentProgress())
    assert "f01, m02" in caught.value.hint
    with pytest.raises(OptionError, match="named twice"):
        run(ExportCheckpointRequest(plain, tmp_path / "none", speakers=("m02", "m02")), SilentProgress())
    assert not (tmp_path / "none").exists()


def test_a_voice_without_speakers_has_none_to_choose(voice: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no speaker 'm01'"):
        run(ExportCheckpointRequest(voice, tmp_path / "out", speakers=("m01",)), SilentProgress())
