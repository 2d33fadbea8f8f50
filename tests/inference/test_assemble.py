"""A voice is assembled from a sound checkpoint and from nothing else."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder
from support.speech_encoders import tiny_encoder_folder
from support.speechlike import vowel_train
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import CODEC_FOLDER, read_manifest
from amhctl.codec.speech_encoder import load_encoder
from amhctl.core.errors import AmhctlError, CheckpointError, SynthesisError
from amhctl.inference import assemble
from amhctl.inference.assemble import load_listener, load_voice
from amhctl.inference.catalog import bundled_voices, voice_path
from amhctl.nn.device import choose_device


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


def test_a_voice_hears_with_its_own_encoder_and_with_none_if_it_has_none(folder: Path, tmp_path: Path) -> None:
    manifest = read_manifest(folder)
    # It listens to log-mel itself, or brings its prompt along: whatever folder is named, nothing is loaded.
    assert load_listener(manifest, tmp_path / "none", device="cpu") is None
    assert load_listener(manifest.model_copy(update={"conditioning": None}), tmp_path / "none") is None
    encoder = load_encoder(tiny_encoder_folder(tmp_path / "encoder"))
    hearing = manifest.model_copy(update={"conditioning": encoder.config.model_dump(mode="json")})
    listen = load_listener(hearing, tmp_path / "encoder", device="cpu")
    assert listen is not None
    clip = vowel_train(seconds=0.5).samples
    assert np.array_equal(listen(clip), encoder.encode(clip))
    with pytest.raises(SynthesisError, match="toaster"):
        load_listener(hearing, tmp_path / "encoder", device="toaster")
    damaged = manifest.model_copy(update={"conditioning": {**hearing.conditioning, "layer": "many"}})
    with pytest.raises(CheckpointError, match=r"tiny: conditioning\.layer") as caught:
        load_listener(damaged, tmp_path / "encoder")
    assert caught.value.subject == "tiny"


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
