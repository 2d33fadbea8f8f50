"""The encoder of a published Whisper model: either layout of names gives the same tensors."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support.recognisers import pretrained_file, tiny_network
from torch import Tensor

from amhctl.config.recogniser import RecogniserConfig
from amhctl.core.errors import CheckpointError
from amhctl.recogniser.network import network_shapes
from amhctl.recogniser.whisper import read_whisper

CONFIG = RecogniserConfig(width=16, heads=2, blocks=2)
HUGGING_FACE = {
    "attention_norm": "self_attn_layer_norm",
    "out": "self_attn.out_proj",
    "norm": "final_layer_norm",
    "up": "fc1",
    "down": "fc2",
}
CTRANSLATE = {
    "attention_norm": "self_attention.layer_norm",
    "qkv": "self_attention.linear_0",
    "out": "self_attention.linear_1",
    "norm": "ffn.layer_norm",
    "up": "ffn.linear_0",
    "down": "ffn.linear_1",
}


def _encoder() -> dict[str, Tensor]:
    """Return the tensors of an encoder whose keys have no bias, as Whisper's have none."""
    tensors = {name: value.half().float() for name, value in tiny_network(config=CONFIG).state_dict().items()}
    for block in range(CONFIG.blocks):
        tensors[f"blocks.{block}.qkv.bias"][16:32] = 0.0
    return {name: value for name, value in tensors.items() if not name.startswith("head.")}


def _hugging_face(prefix: str = "model.encoder.") -> dict[str, Tensor]:
    stored = {f"{prefix}embed_positions.weight": torch.zeros(4, 16), "model.decoder.layer_norm.weight": torch.ones(16)}
    for name, value in _encoder().items():
        if not name.startswith("blocks."):
            stored[prefix + name.replace("norm.", "layer_norm.")] = value
            continue
        _, block, layer, part = name.split(".")
        place = f"{prefix}layers.{block}."
        if layer != "qkv":
            stored[f"{place}{HUGGING_FACE[layer]}.{part}"] = value
            continue
        for letter, third in zip("qkv", value.chunk(3), strict=True):
            if (letter, part) != ("k", "bias"):
                stored[f"{place}self_attn.{letter}_proj.{part}"] = third.clone()
    return stored


def _ctranslate() -> dict[str, Tensor]:
    stored = {"encoder.position_encodings.encodings": torch.zeros(4, 16)}
    for name, value in _encoder().items():
        *place, part = name.split(".")
        if place[0] == "blocks":
            theirs = f"layer_{place[1]}.{CTRANSLATE[place[2]]}"
        else:
            theirs = place[0].replace("norm", "layer_norm")
        if theirs.endswith("layer_norm"):
            part = {"weight": "gamma", "bias": "beta"}[part]
        stored[f"encoder.{theirs}.{part}"] = value
    return stored


def _read(folder: Path, stored: dict[str, Tensor], config: RecogniserConfig = CONFIG) -> dict[str, Tensor]:
    save_file({name: value.half().contiguous() for name, value in stored.items()}, folder / "whisper.safetensors")
    return read_whisper(folder / "whisper.safetensors", config)


@pytest.mark.parametrize(
    "stored",
    [_ctranslate(), _hugging_face(), _hugging_face("encoder."), _hugging_face("")],
    ids=["ctranslate", "whole model", "model without its head", "encoder"],
)
def test_either_layout_gives_the_tensors_of_the_network(tmp_path: Path, stored: dict[str, Tensor]) -> None:
    found = _read(tmp_path, stored)
    wanted = _encoder()
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        assert found[name].dtype == torch.float32
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize("layout", [_ctranslate, _hugging_face])
@pytest.mark.parametrize("values", [{"width": 32}, {"blocks": 3}])
def test_another_size_is_refused(tmp_path: Path, layout: object, values: dict[str, int]) -> None:
    stored = _ctranslate() if layout is _ctranslate else _hugging_face()
    with pytest.raises(CheckpointError) as caught:
        _read(tmp_path, stored, CONFIG.model_copy(update=values))
    wrong = "blocks.0.attention_norm.weight|conv1.weight has shape" if "width" in values else "has no tensor"
    assert any(part in caught.value.message for part in wrong.split("|"))
    assert caught.value.subject == str(tmp_path / "whisper.safetensors")
    assert "[recogniser]" in caught.value.hint


def test_every_tensor_is_wanted_and_the_missing_one_is_named(tmp_path: Path) -> None:
    for stored in (_ctranslate(), _hugging_face()):
        for name in stored:
            if "position" in name or "decoder" in name or name.endswith("conv1.weight"):
                continue
            rest = {other: value for other, value in stored.items() if other != name}
            with pytest.raises(CheckpointError, match="the file has no tensor") as caught:
                _read(tmp_path, rest)
            assert name in caught.value.message
    with pytest.raises(CheckpointError, match=r"no tensor 'model\.encoder\."):
        _read(tmp_path, {"lm_head.weight": torch.ones(2, 2)})


def test_what_is_no_safetensors_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "whisper.safetensors").write_bytes(b"{}")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        read_whisper(tmp_path / "whisper.safetensors", CONFIG)
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        read_whisper(tmp_path / "absent.safetensors", CONFIG)


def test_the_published_encoder_has_the_default_size() -> None:
    path = pretrained_file("whisper_tiny_en_encoder.safetensors")
    found = read_whisper(path, RecogniserConfig())
    shapes = {name: shape for name, shape in network_shapes(RecogniserConfig()).items() if not name.startswith("head.")}
    assert {name: tuple(value.shape) for name, value in found.items()} == shapes
    for block in range(4):
        # The key has no bias.
        assert not found[f"blocks.{block}.qkv.bias"][384:768].any()
        assert found[f"blocks.{block}.qkv.bias"][:384].any()
    with pytest.raises(CheckpointError, match=r"has shape \(384"):
        read_whisper(path, RecogniserConfig(width=512, heads=8))
