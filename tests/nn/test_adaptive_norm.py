"""Adaptive layer norm: none at first, then as the condition of each item says."""

import torch
from torch.nn import functional

from amhctl.nn.adaptive_norm import AdaptiveNorm


def test_at_first_it_is_a_plain_norm() -> None:
    norm = AdaptiveNorm(6, 3)
    hidden = torch.randn(2, 5, 6)
    assert torch.equal(norm(hidden, torch.randn(2, 3)), functional.layer_norm(hidden, (6,)))


def test_each_item_is_scaled_and_shifted_by_its_condition() -> None:
    norm = AdaptiveNorm(6, 3)
    torch.nn.init.normal_(norm.modulate.weight)
    torch.nn.init.normal_(norm.modulate.bias)
    hidden, condition = torch.randn(2, 5, 6), torch.randn(2, 3)
    modulated = norm(hidden, condition)
    for item in range(2):
        scale, shift = norm.modulate(condition[item]).chunk(2)
        expected = functional.layer_norm(hidden[item], (6,)) * (1.0 + scale) + shift
        torch.testing.assert_close(modulated[item], expected)
