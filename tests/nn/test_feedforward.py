"""Feed-forward layers against their formulas."""

import torch
from torch.nn import functional

from amhctl.nn.feedforward import GatedFeedForward, SwishFeedForward


def test_the_second_half_gates_the_first() -> None:
    layer = GatedFeedForward(1024, 2)
    hidden = torch.randn(3, 1024)
    assert layer[0].weight.shape == (2 * 1365, 1024)
    value, gate = layer[0](hidden).split(1365, dim=-1)
    assert torch.equal(layer(hidden), layer[2](value * functional.gelu(gate)))


def test_silu_stands_between_the_two_layers() -> None:
    layer, hidden = SwishFeedForward(4, 6), torch.randn(2, 4)
    inner = layer.w_1(hidden)
    assert torch.allclose(layer(hidden), layer.w_2(inner * torch.sigmoid(inner)), atol=1e-6)
