"""Voices by PyTorch: both kinds, ready to speak, with nothing left to learn; what does not fit is refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from support.official import official_files
from support.speaking_flow import flow_voice_folder
from support.speechlike import vowel_train
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import CODEC_FOLDER, read_manifest
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.on_torch import load_speech_encoder
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_on_torch import FlowOnTorch
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
