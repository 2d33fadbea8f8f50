"""The perceiver: a fixed number of latents, padding unread, rows of a known norm."""

import math

import pytest
import torch

from amhctl.nn.perceiver import Perceiver


def _perceiver(*, normed: bool = False) -> Perceiver:
    torch.manual_seed(0)
    return Perceiver(width=12, context=6, latents=3, heads=2, multiplier=2, normed=normed).eval()


@pytest.mark.parametrize("normed", [False, True])
@torch.inference_mode()
def test_padding_changes_nothing(normed: bool) -> None:
    perceiver = _perceiver(normed=normed)
    context = torch.randn(1, 9, 6)
    padded = perceiver(context, torch.arange(9)[None] < 5)
    alone = perceiver(context[:, :5], torch.ones(1, 5, dtype=torch.bool))
    assert torch.allclose(padded, alone, atol=1e-6)


@pytest.mark.parametrize("normed", [False, True])
@torch.inference_mode()
def test_context_is_a_set(normed: bool) -> None:
    perceiver = _perceiver(normed=normed)
    context, keep = torch.randn(1, 9, 6), torch.ones(1, 9, dtype=torch.bool)
    assert torch.allclose(perceiver(context.flip(1), keep), perceiver(context, keep), atol=1e-6)


@torch.inference_mode()
def test_latents_have_the_norm_of_their_width() -> None:
    latents = _perceiver()(torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool))
    assert latents.shape == (2, 3, 12)
    assert torch.allclose(latents.norm(dim=-1), torch.full((2, 3), math.sqrt(12)), atol=1e-5)


@torch.inference_mode()
def test_norms_hold_what_gated_layers_let_grow() -> None:
    """Weights that have grown a hundredfold drown the context of the published layers, and leave the normed ones be."""
    context, keep = torch.randn(8, 9, 6), torch.ones(8, 9, dtype=torch.bool)
    largest, apart = [], []
    for normed in (False, True):
        perceiver = _perceiver(normed=normed)
        perceiver.proj_context.weight.mul_(100.0)
        perceiver.proj_context.bias.add_(1_000.0)
        seen: list[float] = []
        for layer in perceiver.layers.modules():
            layer.register_forward_hook(lambda *call, seen=seen: seen.append(float(call[-1].abs().max())))
        latents = perceiver(context, keep)
        largest.append(max(seen))
        apart.append(float((latents - latents.mean(dim=0)).square().mean().sqrt()))
    assert largest[0] > 1e6
    assert largest[1] < 10.0
    assert apart[1] > 2.0 * apart[0]
