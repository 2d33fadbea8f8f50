"""Causal attention against its definition, with and without mask and cache."""

import math

import torch

from amhctl.nn.attention import CausalSelfAttention, TransposedLinear, causal_mask
from amhctl.nn.kvcache import LayerCache


def _attention() -> CausalSelfAttention:
    torch.manual_seed(0)
    return CausalSelfAttention(12, 3, dropout=0.5).eval()


def test_the_weight_of_a_transposed_linear_is_inputs_by_outputs() -> None:
    layer = TransposedLinear(2, 3)
    hidden = torch.randn(4, 2)
    assert layer.weight.shape == (2, 3)
    assert torch.allclose(layer(hidden), hidden @ layer.weight + layer.bias)


@torch.inference_mode()
def test_it_is_the_textbook_formula() -> None:
    attention = _attention()
    hidden = torch.randn(2, 5, 12)
    query, key, value = (hidden @ attention.c_attn.weight + attention.c_attn.bias).split(12, dim=-1)
    expected = torch.zeros(2, 5, 12)
    for head in range(3):
        span = slice(4 * head, 4 * head + 4)
        scores = query[..., span] @ key[..., span].transpose(1, 2) / math.sqrt(4)
        scores = scores.masked_fill(~torch.ones(5, 5, dtype=torch.bool).tril(), -torch.inf)
        expected[..., span] = scores.softmax(-1) @ value[..., span]
    assert torch.allclose(attention(hidden), attention.c_proj(expected), atol=1e-6)


@torch.inference_mode()
def test_cached_steps_equal_the_whole() -> None:
    attention, cache = _attention(), LayerCache(8)
    hidden = torch.randn(2, 6, 12)
    steps = [attention(hidden[:, :3], None, cache, 0)]
    steps += [attention(hidden[:, index : index + 1], None, cache, index) for index in range(3, 6)]
    assert torch.allclose(torch.cat(steps, 1), attention(hidden), atol=1e-6)


@torch.inference_mode()
def test_a_mask_hides_padding_in_the_middle() -> None:
    attention = _attention()
    hidden = torch.randn(1, 6, 12)
    keep = torch.tensor([[True, True, False, False, True, True]])
    masked = attention(hidden, causal_mask(keep))
    alone = attention(hidden[:, keep[0]])
    assert torch.allclose(masked[:, keep[0]], alone, atol=1e-6)
    assert bool(torch.isfinite(masked).all())
