"""The velocity network: the published numbers, layer by layer, and files of it."""

import json

import pytest
import torch
from support.acoustics import FOLDER, far, numbers, official_numbers, official_tensors, outputs_of, tiny
from torch import Tensor
from torch.nn import functional

from amhctl.codec.indextts2.diffusion_transformer import (
    DiffusionTransformer,
    Guide,
    TransformerShape,
    read_transformer,
)
from amhctl.codec.indextts2.wavenet import published_name
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError

SMALL = TransformerShape(
    bins=4, width=8, content=5, style=3, depth=3, heads=2, inner=16, wave_width=6, wave_layers=2, wave_kernel=3
)
INNER = {
    "t_embedder": "t_embedding",
    "t_embedder2": "t_embedding2",
    "cond_x_merge_linear": "merged",
    "transformer.layers.0.attention_norm": "block0_attention_norm",
    "transformer.layers.0.attention": "block0_attention",
    **{f"transformer.layers.{block}": f"block{block}" for block in range(5)},
    "transformer": "transformer",
    "skip_linear": "long_skip",
    "wavenet.in_layers.0": "wavenet_in0",
    "wavenet": "wavenet",
    "final_layer": "final_layer",
}


def _guide(known: dict[str, Tensor]) -> Guide:
    return Guide(known["dit.prompt"], known["dit.content"], known["dit.style"])


@torch.inference_mode()
def test_numbers_are_the_published_ones() -> None:
    known, network = numbers(), read_transformer(tiny("s2mel", "cfm.estimator."), heads=4)
    inner = outputs_of({name: network.get_submodule(name) for name in INNER})
    velocity_BFT = network(known["dit.x"], known["dit.t"], _guide(known))
    assert far(velocity_BFT, known["dit.velocity"]) < 2e-5
    for ours, theirs in INNER.items():
        assert far(inner[ours], known[f"dit.{theirs}"]) < 1e-4, theirs
    shorter = network(known["dit.x"], known["dit.t"], _guide(known), torch.tensor([24, 19]))
    assert far(shorter, known["dit.velocity_lengths_24_19"]) < 2e-5


@pytest.mark.slow
@torch.inference_mode()
def test_numbers_of_the_official_size() -> None:
    known, network = official_numbers(), read_transformer(official_tensors("s2mel", "cfm.estimator."))
    assert network.shape == TransformerShape()
    prompt_1FT = functional.pad(known["cfm.prompt_mel"], (0, 13))
    guide = Guide(prompt_1FT, known["regulator.out"], known["cfm.style"])
    assert far(network(known["cfm.noise"], torch.tensor([0.4]), guide), known["cfm.velocity_at_0.4"]) < 1e-4


def test_every_name_of_the_file_is_known() -> None:
    numbers()
    published = json.loads((FOLDER / "config.json").read_text())["official_parameters"]["s2mel"]
    with torch.device("meta"):
        state = DiffusionTransformer(TransformerShape()).state_dict()
    ours = {f"cfm.estimator.{published_name(name)}": list(tensor.shape) for name, tensor in state.items()}
    theirs = {name.replace("weight_v", "weight"): shape for name, shape in published.items() if "weight_g" not in name}
    assert {name: theirs.get(name) for name in ours} == ours
    unused = {name.split(".")[2] for name in set(theirs) - set(ours) if name.startswith("cfm.")}
    assert unused <= {
        "x_embedder", "cond_embedder", "content_mask_embedder", "input_pos", "t_embedder", "t_embedder2", "transformer"
    }  # fmt: skip


@torch.inference_mode()
def test_a_batch_equals_its_items() -> None:
    torch.manual_seed(0)
    network = DiffusionTransformer(SMALL)
    state, times = torch.randn(2, 4, 11), torch.rand(2)
    guide = Guide(torch.randn(2, 4, 11), torch.randn(2, 11, 5), torch.randn(2, 3))
    singles = []
    for item in (slice(0, 1), slice(1, 2)):
        told = Guide(guide.prompt_BFT[item], guide.content_BTC[item], guide.style_BS[item])
        singles.append(network(state[item], times[item], told))
    torch.testing.assert_close(network(state, times, guide), torch.cat(singles))


def test_a_file_says_its_shape_and_others_are_refused_by_names() -> None:
    torch.manual_seed(0)
    tensors = {published_name(name): each for name, each in DiffusionTransformer(SMALL).state_dict().items()}
    unused = {"transformer.layers.1.skip_in_linear.bias": torch.ones(8), "input_pos": torch.arange(9)}
    assert read_transformer(Tensors(tensors | unused, subject="x"), heads=2).shape == SMALL
    with pytest.raises(CodecError, match=r"f0_embedder\.weight is unknown"):
        read_transformer(Tensors(tensors | {"f0_embedder.weight": torch.ones(1)}, subject="x"), heads=2)
    del tensors["transformer.layers.2.skip_in_linear.bias"]
    with pytest.raises(CodecError, match=r"transformer\.layers\.2\.skip_in_linear\.bias is absent"):
        read_transformer(Tensors(tensors, subject="x"), heads=2)
    with pytest.raises(CodecError, match="num_heads is 3"):
        read_transformer(Tensors(tensors, subject="x"), heads=3)
