"""A voice is assembled from a sound checkpoint and from nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.voices import tiny_voice_folder

from amhctl.checkpoint.store import CODEC_FOLDER
from amhctl.core.errors import AmhctlError, CheckpointError, SynthesisError
from amhctl.inference import assemble
from amhctl.inference.assemble import bundled_voices, choose_device, load_voice, voice_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_voice_folder(tmp_path)


def test_a_sound_checkpoint_becomes_a_voice(folder: Path) -> None:
    voice = load_voice(str(folder))
    assert voice.manifest.name == "tiny"
    assert voice.sample_rate == 16_000
    assert not voice.model.training
    assert not any(parameter.requires_grad for parameter in voice.model.parameters())


def test_a_codec_elsewhere_is_named(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.move(folder / CODEC_FOLDER, moved)
    with pytest.raises(CheckpointError, match="not bundled") as caught:
        load_voice(str(folder))
    assert "--codec" in caught.value.hint
    assert load_voice(str(folder), codec=str(moved)).manifest.name == "tiny"


def test_another_codec_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tiny_codec_folder(tmp_path, seed=5, name="other")
    with pytest.raises(CheckpointError, match="fingerprint"):
        load_voice(str(folder), codec=str(other))


@pytest.mark.parametrize("file", ["model.safetensors", "vocabulary.model", "text_state.json", "reference.safetensors"])
def test_a_tampered_file_is_refused(folder: Path, file: str) -> None:
    content = bytearray((folder / file).read_bytes())
    content[-1] ^= 1
    (folder / file).write_bytes(bytes(content))
    with pytest.raises(CheckpointError):
        load_voice(str(folder))


def test_a_codec_is_no_voice(folder: Path) -> None:
    with pytest.raises(AmhctlError):
        load_voice(str(folder / CODEC_FOLDER))


def test_an_unknown_version_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["model_version"] = "unified-voice-99"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CheckpointError):
        load_voice(str(folder))


def test_unknown_names_say_what_there_is() -> None:
    with pytest.raises(SynthesisError, match="no such voice"):
        voice_path("nobody")


def test_devices_are_checked() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cpu", "cuda", "mps"}
    with pytest.raises(SynthesisError):
        choose_device("toaster")


@pytest.mark.skipif(not bundled_voices(), reason="no voice is bundled in this source tree yet")
def test_the_default_voice_is_bundled() -> None:
    assert assemble.DEFAULT_VOICE in bundled_voices()


def test_a_folder_without_a_manifest_is_no_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "_BUNDLED", tmp_path)
    for name in ("b", "a", "empty"):
        (tmp_path / name).mkdir()
    for name in ("b", "a"):
        (tmp_path / name / "manifest.json").touch()
    assert bundled_voices() == ("a", "b")
    monkeypatch.setattr(assemble, "_BUNDLED", tmp_path / "none")
    assert bundled_voices() == ()
