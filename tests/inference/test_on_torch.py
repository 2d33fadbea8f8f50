"""Voices by PyTorch: both kinds, ready to speak, with nothing left to learn; what does not fit is refused."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.official import official_files
from support.speaking_flow import flow_voice_folder
from support.speechlike import vowel_train
from support.voices import any_speech, tiny_voice_folder

from amhctl.checkpoint.folder import CODEC_FOLDER, WEIGHTS_FILE, read_manifest, verify_folder
from amhctl.checkpoint.store import LoadedCheckpoint, load_checkpoint
from amhctl.core.errors import CheckpointError, OptionError, SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.core.units import Precision
from amhctl.devices import compiler
from amhctl.devices import precision as precision_module
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.inference import on_torch
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.on_torch import load_speech_encoder
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.kept_weights import keep_weight
from amhctl.workflows.ckpt.import_ import run as take_in


def test_each_kind_is_loaded_as_what_it_is(tmp_path: Path) -> None:
    codes = load_voice(str(tiny_voice_folder(tmp_path)))
    assert isinstance(codes, CodeVoice)
    assert not codes.model.training
    drawn = load_voice(str(flow_voice_folder(tmp_path)))
    assert isinstance(drawn, SpectrogramVoice)
    assert isinstance(drawn.network, FlowOnTorch)
    assert list(drawn.speakers) == ["f01", "m02"]


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="toaster"):
        load_voice(str(flow_voice_folder(tmp_path)), device="toaster")


def test_a_codec_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    shutil.rmtree(folder / CODEC_FOLDER)
    with pytest.raises(CheckpointError, match="not bundled"):
        load_voice(str(folder))


def test_an_imported_voice_needs_the_other_files_that_it_is_from(tmp_path: Path) -> None:
    files = official_files(tmp_path / "published")
    base = take_in(files.request(tmp_path / "base"), SilentProgress()).output
    with pytest.raises(CheckpointError, match="'maskgct-semantic' is not bundled") as caught:
        load_voice(str(base))
    assert "--codec FOLDER with the files of IndexTTS-2" in caught.value.hint


def test_a_voice_that_knows_speakers_hears_by_their_encoder(tmp_path: Path) -> None:
    encode_speech = load_speech_encoder(read_manifest(flow_voice_folder(tmp_path)))
    assert encode_speech is not None
    clip = vowel_train(seconds=1.0)
    np.testing.assert_array_equal(encode_speech(clip.samples), SpeakerEncoder().embed(clip))
    assert torch.from_numpy(encode_speech(clip.samples)).norm().item() == pytest.approx(1.0, abs=1e-5)


def test_a_code_voice_multiplies_in_what_is_wanted_and_is_small_by_itself(tmp_path: Path) -> None:
    folder = str(tiny_voice_folder(tmp_path))
    flow = str(flow_voice_folder(tmp_path))
    assert [load_voice(each).precision for each in (folder, flow)] == ["fp32", "fp32"]
    with pytest.raises(SynthesisError, match="FlowVoice: --precision cannot be used"):
        load_voice(flow, precision="fp32")
    with pytest.raises(OptionError, match="cpu does not compute in fp16"):
        load_voice(folder, precision="fp16")


def test_a_code_voice_in_half_precision_says_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "computes_in", lambda *_: True)
    folder = str(tiny_voice_folder(tmp_path))
    voices = [load_voice(folder, precision="bf16") for _ in range(2)]
    assert [voice.precision for voice in voices] == ["bf16", "bf16"]
    first, second = (voice.speak("ሰላም", any_speech()).waveform.samples for voice in voices)
    np.testing.assert_array_equal(first, second)


def test_weights_are_read_one_by_one(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(verify_folder(tiny_voice_folder(tmp_path), kind="voice"))
    read = dict(checkpoint.iterate_weights())
    assert list(read) == list(checkpoint.tensors)
    assert all(torch.equal(tensor, checkpoint.tensors[name]) for name, tensor in read.items())


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="the system cannot forget a peak of memory")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_loading_needs_the_memory_of_the_weights_once(tmp_path: Path, precision: Precision) -> None:
    folder = tiny_voice_folder(tmp_path)
    # Three of 80 MiB: so large that what is freed of them goes back to the system at once.
    large = {f"gpt.h.{layer}.mlp.c_fc.weight": torch.ones(4096, 5120) for layer in range(3)}
    save_file(large, folder / WEIGHTS_FILE)
    del large
    checkpoint = LoadedCheckpoint(folder, read_manifest(folder), load_file(folder / WEIGHTS_FILE), {})
    status, forget = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    forget.write_text("5")
    before = int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1])  # type: ignore[index]
    weights = checkpoint.iterate_weights()
    kept = [keep_weight(name, tensor, precision, torch.device("cpu")) for name, tensor in weights]
    peak = int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index]
    assert len(kept) == 3
    # All of them, and of the last one what was read of the file, or is turned.
    wanted = 240 + 80 if precision == "fp32" else 120 + 80 + 40
    assert (peak - before) / 1024 < wanted + 16


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_steps_are_compiled_where_that_may_be_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, flow = str(tiny_voice_folder(tmp_path)), str(flow_voice_folder(tmp_path))
    with pytest.raises(SynthesisError, match="for CUDA devices; on the device cpu they save next to nothing") as caught:
        load_voice(folder, compiled=True)
    assert caught.value.subject == "--compile"
    with pytest.raises(SynthesisError, match="FlowVoice: --compile cannot be used"):
        load_voice(flow, compiled=True)
    monkeypatch.setattr(on_torch, "_require_launches", lambda _: None)
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled, plain = (load_voice(folder, compiled=wanted) for wanted in (True, False))
    options = replace(any_speech(), temperature=0.0)
    first, second = (voice.speak("ሰላም", options).waveform.samples for voice in (compiled, plain))
    np.testing.assert_array_equal(first, second)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"]
