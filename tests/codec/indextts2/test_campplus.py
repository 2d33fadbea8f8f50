"""The style vector: the published numbers, and that it is of one clip alone."""

import pytest
import torch
from support.acoustics import far, numbers, official_numbers, official_tensors, outputs_of, tiny
from torch import Tensor

from amhctl.codec.indextts2.campplus import Campplus, CampplusShape, read_campplus
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError

SMALL = CampplusShape(bins=16, width=5, entry=6, growth=2, bottleneck=8)


def _centred(fbank_TF: Tensor) -> Tensor:
    return (fbank_TF - fbank_TF.mean(dim=0))[None]


@torch.inference_mode()
def test_numbers_are_the_published_ones() -> None:
    known, network = numbers(), read_campplus(tiny("campplus"))
    inner = outputs_of({"tdnn": network.xvector["tdnn"], "block1_layer1": network.xvector["block1"].tdnnd1})  # type: ignore[dict-item]
    fbank_1TF = _centred(known["style.fbank"])
    assert far(network(fbank_1TF), known["style.vector"]) < 1e-5
    assert far(network.statistics(fbank_1TF), known["style.stats"]) < 1e-5
    assert far(inner["tdnn"], known["style.tdnn"]) < 1e-4
    assert far(inner["block1_layer1"], known["style.block1_layer1"]) < 1e-4
    assert far(network(_centred(known["front.fbank"])), known["style.vector_of_front_fbank"]) < 1e-5


@pytest.mark.slow
@torch.inference_mode()
def test_numbers_of_the_official_size() -> None:
    network = read_campplus(official_tensors("campplus"))
    assert network.shape == CampplusShape()
    assert far(network(_centred(official_numbers()["style.fbank"])), official_numbers()["style.vector"]) < 2e-5


@torch.inference_mode()
def test_a_batch_equals_its_items() -> None:
    torch.manual_seed(0)
    network = Campplus(SMALL).eval()
    clips_BTF = torch.randn(3, 230, 16)
    torch.testing.assert_close(network(clips_BTF), torch.cat([network(each[None]) for each in clips_BTF]))
    assert network(clips_BTF).shape == (3, 5)


def test_a_faulty_file_is_refused_by_names() -> None:
    tensors = Campplus(SMALL).state_dict()
    assert read_campplus(Tensors(tensors, subject="x")).shape == SMALL
    del tensors["xvector.block3.tdnnd16.cam_layer.linear2.bias"]
    with pytest.raises(CodecError, match=r"tdnnd16\.cam_layer\.linear2\.bias is absent"):
        read_campplus(Tensors(tensors, subject="x"))
