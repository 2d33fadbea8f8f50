"""The network of a vocoder: whole hops, frames in their places, weights that fit or are refused."""

import pytest
import torch
from support.vocoders import TINY_VOCODER

from amhctl.codec.vocoder_network import VocoderNetwork, fill_vocoder, vocoder_shapes
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import CodecError


def test_frames_become_whole_hops() -> None:
    network = VocoderNetwork(TINY_VOCODER)
    assert network(torch.randn(2, 7, 20)).shape == (2, 7 * 160)


def test_a_frame_is_heard_about_its_own_samples() -> None:
    torch.manual_seed(0)
    network = VocoderNetwork(TINY_VOCODER).eval()
    mel = torch.full((1, 41, 20), -5.0)
    with torch.no_grad():
        silent = network(mel)
        mel[0, 20] += 3.0
        changed = (network(mel) - silent).abs()[0] > 1e-6
    where = changed.nonzero()
    # The convolutions see three frames on either side: that of the entrance and one of each block.
    reach = 3 * (1 + TINY_VOCODER.blocks) * 160 + 160
    assert 20 * 160 - reach <= int(where.min())
    assert int(where.max()) <= 20 * 160 + reach
    assert abs(float(where.float().mean()) - 20 * 160) < 80


def test_shapes_are_those_of_the_network_and_take_no_memory() -> None:
    shapes = vocoder_shapes(TINY_VOCODER)
    assert shapes == {name: tuple(value.shape) for name, value in VocoderNetwork(TINY_VOCODER).state_dict().items()}
    assert vocoder_shapes(VocoderConfig(width=65_536))["blocks.7.expand.weight"] == (196_608, 65_536)


def test_weights_that_do_not_fit_are_refused() -> None:
    network = VocoderNetwork(TINY_VOCODER)
    tensors = {name: value.half() for name, value in network.state_dict().items()}
    fill_vocoder(network, tensors, subject="x")
    assert network.head.project.weight.dtype == torch.float32
    for spoilt in (
        {name: value for name, value in tensors.items() if name != "norm.bias"},
        tensors | {"norm.bias": torch.zeros(3)},
        tensors | {"more": torch.zeros(1)},
    ):
        with pytest.raises(CodecError, match="do not match"):
            fill_vocoder(network, spoilt, subject="x")
