"""The perceiver: a fixed number of latents, padding unread, rows of a known norm."""

import math

import torch

from amhctl.nn.perceiver import Perceiver


def _perceiver() -> Perceiver:
    torch.manual_seed(0)
    return Perceiver(width=12, context=6, latents=3, heads=2, multiplier=2).eval()


@torch.inference_mode()
def test_padding_changes_nothing() -> None:
    perceiver = _perceiver()
    context = torch.randn(1, 9, 6)
    padded = perceiver(context, torch.arange(9)[None] < 5)
    alone = perceiver(context[:, :5], torch.ones(1, 5, dtype=torch.bool))
    assert torch.allclose(padded, alone, atol=1e-6)


@torch.inference_mode()
def test_context_is_a_set() -> None:
    perceiver = _perceiver()
    context, keep = torch.randn(1, 9, 6), torch.ones(1, 9, dtype=torch.bool)
    assert torch.allclose(perceiver(context.flip(1), keep), perceiver(context, keep), atol=1e-6)


@torch.inference_mode()
def test_latents_have_the_norm_of_their_width() -> None:
    latents = _perceiver()(torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool))
    assert latents.shape == (2, 3, 12)
    assert torch.allclose(latents.norm(dim=-1), torch.full((2, 3), math.sqrt(12)), atol=1e-5)
