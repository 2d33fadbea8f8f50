"""The vocoder: the published numbers, and files of it."""

import pytest
import torch
from support.acoustics import far, numbers, official_numbers, official_tensors, outputs_of, tiny

from amhctl.codec.indextts2.bigvgan import BigVGAN, BigVGANShape, read_bigvgan
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError

SMALL = BigVGANShape(bins=5, width=8, rates=(4, 2), kernels=(3, 5))


@torch.inference_mode()
def test_numbers_are_the_published_ones() -> None:
    known, network = numbers(), read_bigvgan(tiny("bigvgan"))
    inner = outputs_of(
        {
            "conv_pre": network.conv_pre,
            "up0": network.ups[0][0],  # type: ignore[index]
            "resblock0_activation0": network.resblocks[0].activations[0],  # type: ignore[dict-item,index]
            "resblock0": network.resblocks[0],
        }
    )
    assert far(network(known["vocoder.mel"])[:, None], known["vocoder.wave"]) < 1e-5
    for name, value in inner.items():
        assert far(value, known[f"vocoder.{name}"]) < 1e-4
    assert len(inner) == 4
    assert far(network.unclamped(known["vocoder.mel"])[:, None], known["vocoder.conv_post"]) < 1e-5
    loud = network(known["vocoder.mel_loud"])
    assert far(loud[:, None], known["vocoder.wave_loud"]) < 5e-5
    assert float(loud.abs().max()) == 1.0


@pytest.mark.slow
@torch.inference_mode()
def test_numbers_of_the_official_size() -> None:
    network = read_bigvgan(official_tensors("bigvgan_with_weight_norm"))
    assert network.shape == BigVGANShape()
    assert network.shape.hop_samples == 256
    assert far(network(official_numbers()["vocoder.mel"])[:, None], official_numbers()["vocoder.wave"]) < 2e-5


@torch.inference_mode()
def test_a_batch_equals_its_items() -> None:
    torch.manual_seed(0)
    network = BigVGAN(SMALL)
    mel_BFT = torch.randn(3, 5, 9)
    waves = network(mel_BFT)
    assert waves.shape == (3, 9 * 8)
    torch.testing.assert_close(waves, torch.cat([network(each[None]) for each in mel_BFT]))


def test_a_file_says_its_shape_and_others_are_refused_by_names() -> None:
    tensors = BigVGAN(SMALL).state_dict()
    assert read_bigvgan(Tensors(tensors, subject="x")).shape == SMALL
    other_filter = {"activation_post.upsample.filter": torch.ones(1, 1, 12) / 12}
    with pytest.raises(CodecError, match=r"activation_post\.upsample\.filter is not the low-pass filter"):
        read_bigvgan(Tensors(tensors | other_filter, subject="x"))
    del tensors["resblocks.3.activations.5.act.beta"]
    with pytest.raises(CodecError, match=r"resblocks\.3\.activations\.5\.act\.beta is absent"):
        read_bigvgan(Tensors(tensors, subject="x"))
    with pytest.raises(CodecError, match=r"conv_pre\.weight is absent"):
        read_bigvgan(Tensors({"conv_post.weight": torch.ones(1, 2, 7)}, subject="x"))
