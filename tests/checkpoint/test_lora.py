"""Adapters that PEFT saved, merged here to what PEFT itself merges them to; what is not understood is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from amhctl.checkpoint.lora import CONFIG_FILE, WEIGHTS_FILES, merge_adapter, read_adapter
from amhctl.core.errors import CheckpointError
from amhctl.devices.absent_torchaudio import torchaudio_or_stand_in

WEIGHTS_FILE = WEIGHTS_FILES[0]
WIDTH, ROWS = 8, 12


def build_model(seed: int = 0) -> nn.Module:
    """Return a network with the names and layers of the official one: GPT-2's blocks, a table, a head."""
    with torchaudio_or_stand_in():
        pytorch_utils = pytest.importorskip("transformers.pytorch_utils")
    torch.manual_seed(seed)
    model = nn.Module()
    block = nn.Module()
    block.attn, block.mlp = nn.Module(), nn.Module()
    block.attn.c_attn = pytorch_utils.Conv1D(3 * WIDTH, WIDTH)
    block.attn.c_proj = pytorch_utils.Conv1D(WIDTH, WIDTH)
    block.mlp.c_fc = pytorch_utils.Conv1D(4 * WIDTH, WIDTH)
    model.gpt = nn.Module()
    model.gpt.h = nn.ModuleList([block])
    model.text_embedding = nn.Embedding(ROWS, WIDTH)
    model.text_head = nn.Linear(WIDTH, ROWS)
    model.emo_layer = nn.Linear(WIDTH, WIDTH)
    return model


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters()}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="lora"),
        pytest.param({"use_rslora": True}, id="rank-stabilised"),
        pytest.param(
            {"rank_pattern": {"c_proj": 5}, "alpha_pattern": {"attn.c_proj": 3, "emo_layer": 9}}, id="patterns"
        ),
        pytest.param({"use_dora": True}, id="dora"),
        pytest.param({"bias": "all"}, id="biases"),
        pytest.param({"modules_to_save": ["text_head"]}, id="a head trained whole"),
        pytest.param({"target_modules": ["c_attn", "text_embedding"]}, id="a table"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_merged_adapter_is_what_peft_makes_of_it(tmp_path: Path, options: dict[str, Any]) -> None:
    with torchaudio_or_stand_in():
        peft = pytest.importorskip("peft")
    settings = {"r": 2, "lora_alpha": 8, "target_modules": ["c_attn", "c_proj", "c_fc", "emo_layer"], **options}
    wrapped = peft.get_peft_model(build_model(), peft.LoraConfig(**settings))
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if parameter.requires_grad:
                scale = 1.0 + torch.rand_like(parameter) if "magnitude" in name else torch.randn_like(parameter)
                parameter.copy_(parameter * scale if "magnitude" in name else 0.3 * scale)
    wrapped.save_pretrained(tmp_path)
    before = tensors_of(build_model())
    merged = merge_adapter(before, read_adapter(tmp_path))
    wanted = tensors_of(wrapped.merge_and_unload())
    assert merged.tensors.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.allclose(merged.tensors[name], tensor, rtol=0, atol=1e-6), name
    touched = {name for name, tensor in merged.tensors.items() if not torch.equal(tensor, before[name])}
    assert touched == {*merged.adapted, *merged.replaced}
    assert len(merged.adapted) >= 2


def write_adapter(folder: Path, tensors: dict[str, Tensor] | None = None, **settings: Any) -> Path:
    """Write an adapter by hand: of c_proj, unless told."""
    folder.mkdir(exist_ok=True)
    name = "base_model.model.gpt.h.0.attn.c_proj"
    default = {f"{name}.lora_A.weight": torch.ones(2, WIDTH), f"{name}.lora_B.weight": torch.ones(WIDTH, 2)}
    save_file(default if tensors is None else tensors, folder / WEIGHTS_FILE)
    values = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, **settings}
    (folder / CONFIG_FILE).write_text(json.dumps(values))
    return folder


BASE = {"gpt.h.0.attn.c_proj.weight": torch.zeros(WIDTH, WIDTH), "text_head.weight": torch.zeros(ROWS, WIDTH)}


def renamed(folder: Path, begins: str) -> Path:
    """Write the default adapter under names that begin otherwise."""
    write_adapter(folder)
    tensors = load_file(folder / WEIGHTS_FILE)
    return write_adapter(
        folder,
        {name.replace("base_model.model.gpt.", f"base_model.model.{begins}"): each for name, each in tensors.items()},
    )


@pytest.mark.parametrize("begins", ["gpt.", "", "transformer.", "inference_model.transformer."])
def test_an_adapter_around_a_part_of_the_model_finds_its_layers(tmp_path: Path, begins: str) -> None:
    merged = merge_adapter(BASE, read_adapter(renamed(tmp_path, begins)))
    assert merged.adapted == ("gpt.h.0.attn.c_proj.weight",)
    assert torch.equal(merged.tensors["gpt.h.0.attn.c_proj.weight"], torch.full((WIDTH, WIDTH), 4.0))
    assert merged.tensors["text_head.weight"] is BASE["text_head.weight"]


def test_a_pattern_that_begins_at_the_top_names_one_layer(tmp_path: Path) -> None:
    for pattern, alpha in (({"^gpt.h.0.attn.c_proj": 6}, 6.0), ({"^attn.c_proj": 6}, 4.0), ({"oj": 6}, 4.0)):
        merged = merge_adapter(BASE, read_adapter(write_adapter(tmp_path, alpha_pattern=pattern)))
        assert merged.tensors["gpt.h.0.attn.c_proj.weight"][0, 0] == 2 * alpha / 2, pattern


def test_an_adapter_may_be_a_file_of_torch(tmp_path: Path) -> None:
    write_adapter(tmp_path)
    torch.save(load_file(tmp_path / WEIGHTS_FILE), tmp_path / WEIGHTS_FILES[1])
    whole = read_adapter(tmp_path)
    (tmp_path / WEIGHTS_FILE).unlink()
    old = read_adapter(tmp_path)
    assert old.sha256 != whole.sha256
    assert merge_adapter(BASE, old).tensors.keys() == BASE.keys()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"peft_type": "ADALORA"}, "peft_type = 'ADALORA'"),
        ({"use_qalora": True, "layer_replication": [[0, 2]]}, "use_qalora = True, layer_replication"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights = 'pissa', which changes the base as well"),
        ({"something_new": 1}, "something_new = 1"),
        ({"alpha_pattern": {"(a+)+$": 2}}, "not a plain name"),
        ({"r": 0}, "r: Input should be greater than 0"),
        ({"lora_alpha": "much"}, "lora_alpha: "),
    ],
)
def test_settings_that_are_not_merged_here_are_named(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_adapter(write_adapter(tmp_path, **settings))
    assert words in caught.value.message
    assert "merge_and_unload" in caught.value.hint


NAME = "base_model.model.gpt.h.0.attn.c_proj"


@pytest.mark.parametrize(
    ("tensors", "settings", "words"),
    [
        ({f"{NAME}.lora_A.weight": torch.ones(2, WIDTH)}, {}, "lora_B is missing"),
        (
            {f"{NAME}.lora_A.weight": torch.ones(2, WIDTH), f"{NAME}.lora_B.weight": torch.ones(3, 2)},
            {},
            r"the product has shape \(3, 8\), the weight \(8, 8\)",
        ),
        (
            {f"{NAME}.lora_A.weight": torch.ones(3, WIDTH), f"{NAME}.lora_B.weight": torch.ones(WIDTH, 2)},
            {},
            "cannot be multiplied",
        ),
        (None, {"use_dora": True}, "magnitudes and use_dora contradict"),
        (
            {
                f"{NAME}.lora_A.weight": torch.ones(2, WIDTH),
                f"{NAME}.lora_B.weight": torch.ones(WIDTH, 2),
                f"{NAME}.lora_magnitude_vector": torch.ones(3),
            },
            {"use_dora": True},
            "3 magnitudes of 8 outputs",
        ),
        ({"base_model.model.emo.weight": torch.ones(1)}, {}, "no tensors of these names: emo.weight"),
        ({f"{NAME}.lora_E": torch.ones(2, 1)}, {}, "no tensors of these names"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    tmp_path: Path, tensors: dict[str, Tensor] | None, settings: dict[str, Any], words: str
) -> None:
    adapter = read_adapter(write_adapter(tmp_path, tensors, **settings))
    with pytest.raises(CheckpointError, match=words):
        merge_adapter(BASE, adapter)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"no {CONFIG_FILE}"):
        read_adapter(tmp_path)
    write_adapter(tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(b"noise")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        read_adapter(tmp_path)
    (tmp_path / WEIGHTS_FILE).unlink()
    with pytest.raises(CheckpointError, match=f"no {WEIGHTS_FILE}"):
        read_adapter(tmp_path)
    torch.save([torch.ones(1)], tmp_path / WEIGHTS_FILES[1])
    with pytest.raises(CheckpointError, match="holds no tensors"):
        read_adapter(tmp_path)
