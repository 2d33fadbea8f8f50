"""Finding and loading codecs; damaged ones are refused."""

from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder

from amhctl.codec.registry import codec_path, load_codec, read_codec_manifest
from amhctl.core.errors import CheckpointError, CodecError


def test_loading_twice_gives_the_same_codec(tmp_path: Path) -> None:
    folder = tiny_codec_folder(tmp_path)
    assert load_codec(str(folder)).spec == load_codec(str(folder)).spec
    assert read_codec_manifest(str(folder)).kind == "codec"


def test_other_weights_have_another_fingerprint(tmp_path: Path) -> None:
    one = load_codec(str(tiny_codec_folder(tmp_path, seed=0, name="a"))).spec.fingerprint
    other = load_codec(str(tiny_codec_folder(tmp_path, seed=1, name="b"))).spec.fingerprint
    assert one != other


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(CodecError) as caught:
        codec_path("no-such-codec")
    assert "bundled:" in caught.value.hint


def test_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    folder = tiny_codec_folder(tmp_path)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(CheckpointError):
        load_codec(str(folder))
