"""Finding and loading codecs; damaged ones are refused."""

from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder, tiny_dac, tiny_dac_folder

from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec.dac import DacCodec
from amhctl.codec.official import OFFICIAL
from amhctl.codec.registry import codec_path, load_codec, read_codec_manifest
from amhctl.core.errors import CheckpointError, CodecError, MissingExtra


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


def test_a_dac_folder_is_the_dac_it_was_written_from(tmp_path: Path) -> None:
    folder = tiny_dac_folder(tmp_path)
    loaded, made = load_codec(str(folder)), DacCodec(tiny_dac(), name="tiny-dac")
    assert loaded.spec == made.spec
    clip = np.random.default_rng(0).normal(0, 0.1, 9_000).astype(np.float32)
    np.testing.assert_array_equal(loaded.encode([clip])[0], made.encode([clip])[0])


def test_official_weights_are_loaded_by_name_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(MissingExtra) as caught:
        load_codec("dac-24khz")
    assert "python -m dac download" in caught.value.hint
    path = OFFICIAL[1].path
    path.parent.mkdir(parents=True)
    tiny_dac().save(str(path), package=False)
    spec = load_codec("dac-24khz").spec
    assert (spec.name, spec.fingerprint) == ("dac-24khz", load_codec(str(path)).spec.fingerprint)
    assert load_codec(str(path)).spec == spec


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = tiny_dac_folder(tmp_path)
    checkpoint = read_checkpoint(folder, kind="codec")
    for changes, fault in (
        ({"config": checkpoint.manifest.config | {"encoder_dim": 5}}, "encoder.block.0.weight_v: shape"),
        ({"config": checkpoint.manifest.config | {"encoder_rates": [2]}}, "same product"),
        ({"model_version": "dac-9"}, "dac-9, not a codec of mel-codec-1 or dac-1"),
    ):
        manifest = checkpoint.manifest.model_copy(update=changes)
        write_checkpoint(folder, manifest=manifest, tensors=checkpoint.tensors, force=True)
        with pytest.raises((CodecError, CheckpointError), match=fault):
            load_codec(str(folder))
    with pytest.raises(CodecError, match="does not support precision bf16"):
        load_codec("mel16k", precision="bf16")
