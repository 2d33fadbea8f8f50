"""Attention with rotary positions: as written down, blind to padding, and moved by distances alone."""

import math

import pytest
import torch

from amhctl.nn.rotary_attention import RotaryAttention


def slow(layer: RotaryAttention, hidden_TD: torch.Tensor) -> torch.Tensor:
    """Compute it position by position, with complex numbers."""
    frames, width = hidden_TD.shape
    each = width // layer.heads
    normed = layer.norm(hidden_TD)
    query, key, value = layer.project_in(normed).double().chunk(3, dim=-1)
    waves = 10_000.0 ** (-torch.arange(0, each, 2, dtype=torch.float64) / each)
    out = torch.zeros(frames, width, dtype=torch.float64)
    for head in range(layer.heads):
        cut = slice(head * each, (head + 1) * each)
        turned = []
        for rows in (query[:, cut], key[:, cut]):
            pairs = torch.view_as_complex(rows.reshape(frames, -1, 2).contiguous())
            angles = torch.arange(frames, dtype=torch.float64)[:, None] * waves
            turned.append(pairs * torch.polar(torch.ones_like(angles), angles))
        for here in range(frames):
            scores = (turned[0][here] * turned[1].conj()).real.sum(-1) / math.sqrt(each)
            out[here, cut] = scores.softmax(0) @ value[:, cut]
    return hidden_TD + layer.scale * layer.project_out(out.float())


@pytest.fixture
def layer() -> RotaryAttention:
    torch.manual_seed(0)
    return RotaryAttention(12, 3, scale=1.0).eval()


@torch.no_grad()
def test_it_computes_what_is_written_down(layer: RotaryAttention) -> None:
    hidden = torch.randn(7, 12)
    torch.testing.assert_close(layer(hidden[None], torch.ones(1, 7, dtype=torch.bool))[0], slow(layer, hidden))


@torch.no_grad()
def test_a_padded_item_equals_itself_alone(layer: RotaryAttention) -> None:
    hidden = torch.randn(1, 9, 12)
    keep = torch.arange(9)[None] < 5
    together = layer(hidden, keep)[:, :5]
    torch.testing.assert_close(together, layer(hidden[:, :5], keep[:, :5]), atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_only_distances_count(layer: RotaryAttention) -> None:
    """The same frames further back in a row give the same: what stands before them is not seen."""
    hidden = torch.randn(1, 9, 12)
    keep = (torch.arange(9) >= 4)[None]
    late = layer(hidden, keep)[:, 4:]
    torch.testing.assert_close(late, layer(hidden[:, 4:], keep[:, 4:]), atol=1e-5, rtol=1e-5)
    turned = hidden.flip(1)
    assert not torch.allclose(layer(turned, torch.ones_like(keep)).flip(1), layer(hidden, torch.ones_like(keep)))


@torch.no_grad()
def test_a_condition_modulates_its_norm() -> None:
    torch.manual_seed(0)
    layer = RotaryAttention(12, 3, condition=4, scale=1.0).eval()
    torch.nn.init.normal_(layer.norm.modulate.weight)  # type: ignore[arg-type,union-attr]
    hidden, keep = torch.randn(1, 5, 12).expand(2, -1, -1), torch.ones(2, 5, dtype=torch.bool)
    first, second = layer(hidden, keep, torch.randn(2, 4))
    assert not torch.allclose(first, second)
