"""ConvNeXt blocks: padding changes nothing."""

import torch

from amhctl.nn.convnext import ConvNeXtBlock


def test_a_padded_item_equals_itself_alone() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(8)
    short = torch.randn(1, 5, 8)
    padded = torch.cat([short, torch.zeros(1, 7, 8)], dim=1)
    keep = (torch.arange(12) < 5).float()[None, :, None]
    alone = block(short)
    together = block(padded, keep)
    assert torch.allclose(together[:, :5], alone, atol=1e-6)
    assert bool((together[:, 5:] == 0).all())


def test_zero_scale_is_the_identity() -> None:
    block = ConvNeXtBlock(4, scale=0.0)
    hidden = torch.randn(2, 6, 4)
    assert torch.equal(block(hidden), hidden)
