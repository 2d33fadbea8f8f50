"""The perceiver resampler: a few learnt latents read any number of frames (Alayrac et al. 2022, arXiv 2204.14198).

Shapes: ``B batch, L latents, U context frames, C context width, D width, H heads, W = 64 width of a head``.
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.feedforward import GatedFeedForward

_HEAD_WIDTH = 64
_DEPTH = 2


class _CrossAttention(nn.Module):
    """Latents attend to themselves and the context, without biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = heads * _HEAD_WIDTH
        self.heads = heads
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, latents_BLD: Tensor, context_BUD: Tensor, keep_BK: Tensor) -> Tensor:
        def split(projected: Tensor) -> Tensor:
            return projected.view(*projected.shape[:2], self.heads, _HEAD_WIDTH).transpose(1, 2)

        query = split(self.to_q(latents_BLD))
        key, value = (split(part) for part in self.to_kv(torch.cat([latents_BLD, context_BUD], 1)).chunk(2, dim=-1))
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=keep_BK[:, None, None, :])
        result: Tensor = self.to_out(attended.transpose(1, 2).flatten(2))
        return result


class _ScaledNorm(nn.Module):
    """L2 norm over the last axis times sqrt(width) times a gain."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, hidden: Tensor) -> Tensor:
        direction: Tensor = functional.normalize(hidden, dim=-1)
        return direction * math.sqrt(hidden.shape[-1]) * self.gamma


class Perceiver(nn.Module):
    """Resamples context frames into a fixed number of latents.

    Parameters
    ----------
    width : int
        Width D of the latents.
    context : int
        Width C of the context.
    latents : int
        Number of latents L.
    heads : int
        Heads of 64 channels.
    multiplier : int
        Width factor of the feed-forward layers.
    normed : bool
        Whether each layer's input is normalised too. Without, as in the published weights, a gated layer's output grows
        with the square of its input, and nothing holds it: the last norm takes any growth back, so the loss is blind to
        it until the context is lost after it.
    """

    def __init__(
        self, *, width: int, context: int, latents: int, heads: int, multiplier: int, normed: bool = False
    ) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.empty(latents, width))
        nn.init.normal_(self.latents, std=0.02)
        self.proj_context = nn.Linear(context, width)
        self.layers = nn.ModuleList(
            nn.ModuleList([_CrossAttention(width, heads), GatedFeedForward(width, multiplier)]) for _ in range(_DEPTH)
        )
        self.norm = nn.LayerNorm(width) if normed else _ScaledNorm(width)
        self.context_norm = nn.LayerNorm(width) if normed else nn.Identity()
        self.norms = nn.ModuleList(nn.LayerNorm(width) if normed else nn.Identity() for _ in range(2 * _DEPTH))

    def forward(self, context_BUC: Tensor, keep_BU: Tensor) -> Tensor:
        """Return latents, shape (B, L, D); frames that are not kept are never read."""
        context_BUD = self.context_norm(self.proj_context(context_BUC))
        latents_BLD = self.latents.to(context_BUD.dtype).expand(context_BUD.shape[0], -1, -1)
        keep_BK = functional.pad(keep_BU, (latents_BLD.shape[1], 0), value=True)
        for depth, layer in enumerate(self.layers):
            attend, feed = cast("nn.ModuleList", layer)
            before_attend, before_feed = self.norms[2 * depth : 2 * depth + 2]
            latents_BLD = latents_BLD + attend(before_attend(latents_BLD), context_BUD, keep_BK)
            latents_BLD = latents_BLD + feed(before_feed(latents_BLD))
        result: Tensor = self.norm(latents_BLD)
        return result
