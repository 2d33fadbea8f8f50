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


def test_dropout_leaves_whole_channels_out_and_in_training_alone() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(8, dropout=0.5, scale=1.0)
    # Only the contraction's columns of kept channels reach the output: with one channel each, a frame tells which.
    torch.nn.init.eye_(block.contract.weight)
    torch.nn.init.zeros_(block.contract.bias)
    hidden = torch.randn(3, 6, 8)
    dropped = block(hidden) - hidden == 0
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert 0 < int(dropped[:, 0].sum()) < 24
    assert not torch.equal(dropped[0, 0], dropped[1, 0])
    block.eval()
    assert torch.equal(block(hidden), block(hidden))
    assert not bool((block(hidden) - hidden == 0).any())


def test_the_inner_layer_may_be_of_any_width_and_the_norm_add_less_to_the_variance() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(4, inner=7, eps=1e-6)
    assert (block.expand.out_features, block.contract.in_features, block.norm.eps) == (7, 7, 1e-6)
    assert ConvNeXtBlock(4, expansion=2).expand.out_features == 8
    hidden = torch.randn(2, 6, 4)
    assert block(hidden).shape == hidden.shape
