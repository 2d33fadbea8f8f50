"""Content of codes and of what the GPT knew: the published numbers."""

import pytest
import torch
from support.acoustics import far, numbers, official_numbers, official_tensors, tiny

from amhctl.codec.indextts2.content import LatentProjection, mel_frames_of, read_latent_projection, spoken_content
from amhctl.codec.indextts2.semantic_network import read_semantic
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError


def test_numbers_are_the_published_ones() -> None:
    projection, codec = read_latent_projection(tiny("s2mel", "gpt_layer.")), read_semantic(tiny("codec"))
    latent_BSH = numbers()["gpt.latent"]
    assert far(projection(latent_BSH), numbers()["gpt.layer_out"]) < 1e-5
    content_BSW = spoken_content(codec.vectors(numbers()["gpt.codes"]), latent_BSH, projection)
    assert far(content_BSW, numbers()["gpt.content"]) < 1e-5


@pytest.mark.slow
def test_numbers_of_the_official_size() -> None:
    projection = read_latent_projection(official_tensors("s2mel", "gpt_layer."))
    assert far(projection(official_numbers()["gpt.latent"]), official_numbers()["gpt.layer_out"]) < 2e-5


def test_frames_of_codes() -> None:
    assert [mel_frames_of(codes) for codes in (0, 1, 2, 25, 50, 100)] == [0, 1, 3, 43, 86, 172]
    # A product of double precision would lose a frame here.
    assert all(mel_frames_of(25 * count) == 43 * count for count in range(80))


def test_a_layer_of_another_width_is_named() -> None:
    tensors = LatentProjection((4, 3, 2, 5)).state_dict()
    assert read_latent_projection(Tensors(tensors, subject="x"))(torch.ones(1, 6, 4)).shape == (1, 6, 5)
    tensors["1.weight"] = torch.ones(7, 3)
    with pytest.raises(CodecError, match=r"1\.weight has shape \(7, 3\), not \(2, 3\)"):
        read_latent_projection(Tensors(tensors, subject="x"))
