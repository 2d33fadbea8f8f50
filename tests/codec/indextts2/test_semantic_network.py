"""MaskGCT's codec of features: the published numbers, names and shapes."""

import json

import pytest
import torch
from support.acoustics import FOLDER, far, numbers, official_numbers, official_tensors, tiny

from amhctl.codec.indextts2.semantic_network import SemanticNetwork, SemanticShape, published_name, read_semantic
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError

SMALL = SemanticShape(features=6, width=4, inner=10, blocks=2, size=16, entry=3)


@torch.inference_mode()
def test_numbers_are_the_published_ones() -> None:
    known, codec = numbers(), read_semantic(tiny("codec"))
    features_BSW = known["feat.normalised"]
    assert far((known["feat.hidden_17"] - known["feat.mean"]) / known["feat.var"].sqrt(), features_BSW) < 1e-5
    assert far(codec.embed(features_BSW.transpose(1, 2)), known["codec.embed"]) < 1e-5
    hidden_BSW = codec.hidden(features_BSW)
    assert far(hidden_BSW, known["codec.encoder_out"]) < 1e-5
    assert far(codec.in_project(hidden_BSW.transpose(1, 2)), known["codec.projected"]) < 1e-5
    assert torch.equal(codec.quantise(features_BSW), known["codec.codes"])
    assert far(codec.vectors(known["codec.codes"]), known["codec.quantised"]) < 1e-5
    assert far(codec.vectors(known["codec.codes"]).transpose(1, 2), known["codec.vq2emb"]) < 1e-5


@pytest.mark.slow
@torch.inference_mode()
def test_numbers_of_the_official_size() -> None:
    known, codec = official_numbers(), read_semantic(official_tensors("codec"))
    assert codec.shape == SemanticShape()
    hidden_BSW = codec.hidden(known["codec.features"])
    assert far(codec.in_project(hidden_BSW.transpose(1, 2)), known["codec.projected"]) < 2e-5
    assert torch.equal(codec.quantise(known["codec.features"]), known["codec.codes"])
    assert far(codec.vectors(known["codec.codes"]), known["codec.quantised"]) < 2e-5


def test_every_name_of_the_file_is_known() -> None:
    numbers()
    published = json.loads((FOLDER / "config.json").read_text())["official_parameters"]["codec"]
    with torch.device("meta"):
        state = SemanticNetwork(SemanticShape()).state_dict()
    ours = {published_name(name): list(tensor.shape) for name, tensor in state.items()}
    theirs = {name.replace("weight_v", "weight"): shape for name, shape in published.items() if "weight_g" not in name}
    assert ours == {name: shape for name, shape in theirs.items() if not name.startswith("decoder.")}


@torch.inference_mode()
def test_a_batch_equals_its_items_and_a_vector_has_the_code_it_came_from() -> None:
    torch.manual_seed(0)
    codec = SemanticNetwork(SMALL)
    features = torch.randn(3, 9, 6)
    codes_BS = codec.quantise(features)
    assert torch.equal(codes_BS, torch.cat([codec.quantise(each[None]) for each in features]))
    assert torch.equal(codec.vectors(codes_BS), torch.cat([codec.vectors(each[None]) for each in codes_BS]))
    # The length of a vector plays no part in the search.
    with torch.no_grad():
        codec.codebook.weight.mul_(torch.rand(16, 1) + 0.5)
    assert torch.equal(codec.quantise(features), codes_BS)


def test_a_faulty_file_is_refused_by_names() -> None:
    torch.manual_seed(0)
    tensors = {published_name(name): value for name, value in SemanticNetwork(SMALL).state_dict().items()}
    read_semantic(Tensors(tensors | {"decoder.0.weight": torch.ones(2)}, subject="x"))
    del tensors["encoder.0.convnext.1.pwconv2.bias"]
    tensors["encoder.0.convnext.0.gamma"] = torch.ones(5)
    with pytest.raises(CodecError) as caught:
        read_semantic(Tensors(tensors, subject="codec.safetensors"))
    assert "encoder.0.convnext.1.pwconv2.bias is absent" in caught.value.message
    assert "encoder.0.convnext.0.gamma has shape (5,), not (4,)" in caught.value.message
    assert caught.value.subject == "codec.safetensors"
