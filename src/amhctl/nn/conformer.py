"""The conformer that encodes conditioning features (Gulati et al. 2020, arXiv 2005.08100, without relative shift).

Shapes: ``B batch, T feature frames, U = (T - 1) // 2 frames after the front end, F feature width, D width, H heads``.
The positional term scores absolute key positions: the textbook's relative shift is deliberately absent, as in the
published weights. Padded frames are hidden everywhere, so that a padded batch equals its items one by one.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.feedforward import SwishFeedForward
from amhctl.nn.recompute import Recomputing

_KERNEL = 15


def sinusoid_table(positions: int, width: int) -> Tensor:
    """Return the sinusoids of Vaswani et al. 2017, shape (positions, width): even columns sine, odd cosine."""
    angles = torch.arange(positions, dtype=torch.float32)[:, None] * torch.exp(
        torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10_000.0) / width)
    )
    table = torch.zeros(positions, width)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, : width // 2])
    return table


class _FrontEnd(nn.Module):
    """One convolution over time and feature axis that halves both, and a projection."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, width, 3, 2), nn.ReLU())
        self.out = nn.Sequential(nn.Linear(width * ((features - 1) // 2), width))
        self.scale = math.sqrt(width)

    def forward(self, features_BTF: Tensor) -> Tensor:
        maps = self.conv(features_BTF[:, None])
        hidden_BUD: Tensor = self.out(maps.transpose(1, 2).flatten(2))
        return hidden_BUD * self.scale


class _PositionedAttention(nn.Module):
    """Self-attention whose score adds a learnt projection of the key's sinusoid."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(heads, width // heads))
        self.pos_bias_v = nn.Parameter(torch.empty(heads, width // heads))
        nn.init.xavier_uniform_(self.pos_bias_u)
        nn.init.xavier_uniform_(self.pos_bias_v)

    def forward(self, hidden_BUD: Tensor, table_1UD: Tensor, keep_BU: Tensor) -> Tensor:
        batch, frames, width = hidden_BUD.shape

        def split(projected: Tensor) -> Tensor:
            return projected.view(projected.shape[0], frames, self.heads, -1).transpose(1, 2)

        query, key, value = (split(linear(hidden_BUD)) for linear in (self.linear_q, self.linear_k, self.linear_v))
        positions_1HUW = split(self.linear_pos(table_1UD.to(hidden_BUD.dtype)))
        scale = (width // self.heads) ** -0.5
        bias_BHUU = ((query + self.pos_bias_v[:, None].to(query.dtype)) @ positions_1HUW.transpose(2, 3)) * scale
        bias_BHUU = bias_BHUU.masked_fill(~keep_BU[:, None, None, :], -torch.inf)
        attended = functional.scaled_dot_product_attention(
            query + self.pos_bias_u[:, None].to(query.dtype), key, value, attn_mask=bias_BHUU.to(query.dtype)
        )
        result: Tensor = self.linear_out(attended.transpose(1, 2).reshape(batch, frames, width))
        return result


class _ConvolutionModule(nn.Module):
    """Pointwise, gated, depthwise, norm, SiLU, pointwise."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pointwise_conv1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise_conv = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.pointwise_conv2 = nn.Conv1d(width, width, 1)

    def forward(self, hidden_BUD: Tensor, keep_BU: Tensor) -> Tensor:
        hidden_BDU = hidden_BUD.transpose(1, 2) * keep_BU[:, None]
        hidden_BDU = functional.glu(self.pointwise_conv1(hidden_BDU), dim=1) * keep_BU[:, None]
        hidden_BUD = functional.silu(self.norm(self.depthwise_conv(hidden_BDU).transpose(1, 2)))
        projected_BDU: Tensor = self.pointwise_conv2(hidden_BUD.transpose(1, 2))
        return projected_BDU.transpose(1, 2) * keep_BU[..., None]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.self_attn = _PositionedAttention(width, heads)
        self.conv_module = _ConvolutionModule(width)
        self.feed_forward = SwishFeedForward(width, inner)
        self.norm_mha = nn.LayerNorm(width, eps=1e-5)
        self.norm_conv = nn.LayerNorm(width, eps=1e-5)
        self.norm_ff = nn.LayerNorm(width, eps=1e-5)
        self.norm_final = nn.LayerNorm(width, eps=1e-5)

    def forward(self, hidden_BUD: Tensor, table_1UD: Tensor, keep_BU: Tensor) -> Tensor:
        hidden_BUD = hidden_BUD + self.self_attn(self.norm_mha(hidden_BUD), table_1UD, keep_BU)
        hidden_BUD = hidden_BUD + self.conv_module(self.norm_conv(hidden_BUD), keep_BU)
        hidden_BUD = hidden_BUD + self.feed_forward(self.norm_ff(hidden_BUD))
        normed: Tensor = self.norm_final(hidden_BUD)
        return normed


class Conformer(Recomputing):
    """Encodes feature frames at half their rate.

    Parameters
    ----------
    features : int
        Width F of the features.
    width, heads, inner, blocks : int
        Width D, heads H, width of the feed-forward layers, number of blocks.
    """

    stacks = ("embed", "encoders")

    def __init__(self, *, features: int, width: int, heads: int, inner: int, blocks: int) -> None:
        super().__init__()
        self.width = width
        self.embed = _FrontEnd(features, width)
        self.encoders = nn.ModuleList(_Block(width, heads, inner) for _ in range(blocks))
        self.after_norm = nn.LayerNorm(width, eps=1e-5)

    def forward(self, features_BTF: Tensor, keep_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Return encoded frames (B, U, D) and which of them are real (B, U)."""
        hidden_BUD = self.run_part(self.embed, features_BTF)
        frames = hidden_BUD.shape[1]
        keep_BU = keep_BT[:, 2::2][:, :frames]
        table_1UD = sinusoid_table(frames, self.width).to(hidden_BUD.device)[None]
        for block in self.encoders:
            hidden_BUD = self.run_block(block, hidden_BUD, table_1UD, keep_BU)
        return self.after_norm(hidden_BUD), keep_BU
