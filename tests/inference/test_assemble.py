"""A voice is assembled from a sound checkpoint and from nothing else."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder
from support.speaking_flow import flow_voice_folder
from support.speech_encoders import tiny_encoder_folder
from support.speechlike import vowel_train
from support.vocoders import tiny_vocoder_folder
from support.voices import any_speech, tiny_voice_folder

from amhctl.checkpoint import folder as checkpoint_folder
from amhctl.checkpoint.folder import CODEC_FOLDER, VOCODER_FOLDER, read_manifest
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, open_vocoder, vocoder_path
from amhctl.core.errors import AmhctlError, CheckpointError, SynthesisError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.encoders.speech import load_encoder
from amhctl.inference import on_torch
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import open_voice
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_on_onnx import FlowOnOnnx
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.workflows.ckpt import export as export_checkpoint
from amhctl.workflows.ckpt.export import ExportCheckpointRequest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_voice_folder(tmp_path)


def test_a_sound_checkpoint_becomes_a_voice(folder: Path) -> None:
    voice = load_voice(str(folder))
    assert voice.manifest.name == "tiny"
    assert voice.sample_rate == 16_000
    assert not voice.model.training  # type: ignore[union-attr]
    assert not any(parameter.requires_grad for parameter in voice.model.parameters())  # type: ignore[union-attr]


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


def test_a_voice_hears_with_its_own_encoder_and_with_none_if_it_has_none(folder: Path, tmp_path: Path) -> None:
    manifest = read_manifest(folder)
    # It listens to log-mel itself, or brings its prompt along: whatever folder is named, nothing is loaded.
    assert load_speech_encoder(manifest, tmp_path / "none", device="cpu") is None
    assert load_speech_encoder(manifest.model_copy(update={"conditioning": None}), tmp_path / "none") is None
    encoder = load_encoder(tiny_encoder_folder(tmp_path / "encoder"))
    speaker_probe = manifest.model_copy(update={"conditioning": encoder.config.model_dump(mode="json")})
    encode_speech = load_speech_encoder(speaker_probe, tmp_path / "encoder", device="cpu")
    assert encode_speech is not None
    clip = vowel_train(seconds=0.5).samples
    assert np.array_equal(encode_speech(clip), encoder.encode(clip))
    with pytest.raises(SynthesisError, match="toaster"):
        load_speech_encoder(speaker_probe, tmp_path / "encoder", device="toaster")
    damaged = manifest.model_copy(update={"conditioning": {**speaker_probe.conditioning, "layer": "many"}})  # type: ignore[dict-item]
    with pytest.raises(CheckpointError, match=r"tiny: conditioning\.layer") as caught:
        load_speech_encoder(damaged, tmp_path / "encoder")
    assert caught.value.subject == "tiny"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice with graphs; its vocoder, with one, beside it."""
    work = tmp_path_factory.mktemp("graphs")
    plain = flow_voice_folder(work)
    shutil.copytree(vocoder_path(DEFAULT_VOCODER), plain / VOCODER_FOLDER)
    export_checkpoint.run(ExportCheckpointRequest(plain, work / "graphs", format="onnx"), SilentProgress())
    return work / "graphs"


@pytest.mark.parametrize("by", ["graphs", "pytorch", "codes"])
def test_each_file_of_a_voice_is_verified_once(
    by: str, graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {
        "graphs": lambda: graphs,
        "pytorch": lambda: flow_voice_folder(tmp_path),
        "codes": lambda: tiny_voice_folder(tmp_path),
    }
    voice = folders[by]()
    digested: list[Path] = []

    def digest(path: Path) -> str:
        digested.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(checkpoint_folder, "sha256_of_file", digest)
    load_voice(str(voice))
    assert len(digested) == len(set(digested))
    assert {path.name for path in digested if path.parent == voice} == set(read_manifest(voice).files)


def test_a_voice_with_graphs_speaks_by_them_as_pytorch_does(graphs: Path) -> None:
    vocoder = open_vocoder(str(graphs / VOCODER_FOLDER))
    by_graphs = load_voice(str(graphs))
    by_torch = on_torch.build_spectrogram_voice(open_voice(str(graphs)), vocoder, device="cpu")
    assert isinstance(by_graphs, SpectrogramVoice)
    assert isinstance(by_graphs.network, FlowOnOnnx)
    assert isinstance(by_torch, SpectrogramVoice)
    assert isinstance(by_torch.network, FlowOnTorch)
    assert by_graphs.speakers.keys() == by_torch.speakers.keys()
    one, other = (
        voice.speak("ሰላም ዓለም።", replace(any_speech(), seed=5, person="m02")).waveform for voice in (by_graphs, by_torch)
    )
    assert one.samples.shape == other.samples.shape
    distance = float(np.abs(one.samples - other.samples).max())
    assert distance < 0.01 * float(np.abs(other.samples).max())


def test_a_speech_encoder_for_a_voice_without_one_is_refused(graphs: Path, tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match=r"FlowVoice: --features-model cannot be used"):
        load_voice(str(graphs), features_model=tmp_path)


def test_a_voice_without_graphs_or_whose_vocoder_has_none_is_pytorchs(graphs: Path, tmp_path: Path) -> None:
    plain = load_voice(str(flow_voice_folder(tmp_path)))
    assert isinstance(plain, SpectrogramVoice)
    assert isinstance(plain.network, FlowOnTorch)
    vocoder = tmp_path / "vocoder"
    request = ExportCheckpointRequest(graphs / VOCODER_FOLDER, vocoder)
    export_checkpoint.run(request, SilentProgress())
    mixed = load_voice(str(graphs), codec=str(vocoder))
    assert isinstance(mixed, SpectrogramVoice)
    assert isinstance(mixed.network, FlowOnTorch)


@pytest.mark.parametrize("file", ["mel.onnx", "model.safetensors", "speakers.safetensors", "text_state.json"])
def test_a_tampered_file_of_a_voice_with_graphs_is_refused(graphs: Path, tmp_path: Path, file: str) -> None:
    shutil.copytree(graphs, tmp_path / "voice")
    content = bytearray((tmp_path / "voice" / file).read_bytes())
    content[-1] ^= 1
    (tmp_path / "voice" / file).write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match=rf"{file}: expected sha256"):
        load_voice(str(tmp_path / "voice"))


def test_a_vocoder_of_another_spectrogram_is_refused_by_graphs_too(graphs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "vocoder"
    request = ExportCheckpointRequest(tiny_vocoder_folder(tmp_path), folder, format="onnx")
    export_checkpoint.run(request, SilentProgress())
    with pytest.raises(CheckpointError, match=r"vocoder\.mel"):
        load_voice(str(graphs), codec=str(folder))


def test_speaking_by_graphs_loads_no_torch(graphs: Path, tmp_path: Path) -> None:
    """What takes long to load is not loaded: a shell or a screen reader waits for every sentence."""
    code = f"""
import sys
from amhctl.cli.main import main
sys.argv = ["amhctl", "speak", "ሰላም", "-o", {str(tmp_path / "out.wav")!r}, "--voice", {str(graphs)!r}]
try:
    main()
finally:
    slow = {{"torch", "scipy", "resemblyzer", "transformers", "accelerate"}}
    # Each takes a hundredth of the command.
    slow |= {{"numpy.ma", "concurrent.futures", "tomllib", "amhctl.config.voice", "pyworld"}}
    print("loaded:", sorted(slow & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "loaded: []" in done.stdout, done.stdout + done.stderr
