"""Twin of ``inference/opening.py``: which folders a voice is loaded from, all of them verified."""

import json
import shutil
from pathlib import Path

import pytest
from support.vocoders import tiny_vocoder_folder
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import VOCODER_FOLDER
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, vocoder_path
from amhctl.core.errors import CheckpointError, CodecError, SynthesisError
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import DEFAULT_VOICE, read_voice_manifest, voice_path
from amhctl.inference.opening import find_vocoder, open_parts


def test_a_flow_voice_comes_with_its_vocoder() -> None:
    opened = open_parts(DEFAULT_VOICE)
    assert opened.vocoder is not None
    assert (opened.voice.folder, opened.vocoder.folder) == (voice_path(DEFAULT_VOICE), vocoder_path(DEFAULT_VOCODER))
    assert load_voice(DEFAULT_VOICE, opened=opened).manifest is opened.voice.manifest


def test_a_voice_that_generates_codes_has_none(tmp_path: Path) -> None:
    opened = open_parts(str(tiny_voice_folder(tmp_path)), codec="its codec is looked for later")
    assert opened.vocoder is None


def test_the_vocoder_that_is_wanted_goes_before_the_one_beside_it(tmp_path: Path) -> None:
    manifest, folder = read_voice_manifest(DEFAULT_VOICE), tmp_path / "voice"
    folder.mkdir()
    assert find_vocoder(manifest, folder, None) == vocoder_path(DEFAULT_VOCODER)
    shutil.copytree(tiny_vocoder_folder(tmp_path), folder / VOCODER_FOLDER)
    assert find_vocoder(manifest, folder, None) == folder / VOCODER_FOLDER
    assert find_vocoder(manifest, folder, DEFAULT_VOCODER) == vocoder_path(DEFAULT_VOCODER)
    with pytest.raises(CodecError, match="not found"):
        find_vocoder(manifest, folder, "nobody")


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    vocoder = tmp_path / "vocoder"
    shutil.copytree(vocoder_path(DEFAULT_VOCODER), vocoder)
    content = bytearray((vocoder / "vocoder.onnx").read_bytes())
    content[-1] ^= 1
    (vocoder / "vocoder.onnx").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"vocoder\.onnx: expected sha256"):
        open_parts(DEFAULT_VOICE, str(vocoder))


def test_a_vocoder_that_is_nowhere_and_a_voice_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="voice not found"):
        open_parts("nobody")
    document = json.loads((voice_path(DEFAULT_VOICE) / "manifest.json").read_text(encoding="utf-8"))
    manifest = read_voice_manifest(DEFAULT_VOICE).model_copy(update={"vocoder": None})
    assert document["vocoder"]
    with pytest.raises(CheckpointError, match="is not bundled"):
        find_vocoder(manifest, tmp_path, None)
