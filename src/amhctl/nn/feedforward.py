"""Feed-forward layers and the decoder block around them. Sees numbers only.

Shapes: ``B batch, P positions, D width``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.attention import CausalSelfAttention, TransposedLinear
from amhctl.nn.kvcache import LayerCache


class DecoderFeedForward(nn.Module):
    """GPT-2's two layers with the tanh-approximated GELU between them."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.c_fc = TransposedLinear(width, 4 * width)
        self.c_proj = TransposedLinear(4 * width, width)

    def forward(self, hidden_BPD: Tensor) -> Tensor:
        """Return the layer's output, shape (B, P, D)."""
        inner = functional.gelu(self.c_fc(hidden_BPD), approximate="tanh")
        return functional.dropout(self.c_proj(inner), self.dropout, self.training)


class DecoderBlock(nn.Module):
    """A pre-norm GPT-2 block (Radford et al. 2019)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-5)
        self.attn = CausalSelfAttention(width, heads, dropout)
        self.ln_2 = nn.LayerNorm(width, eps=1e-5)
        self.mlp = DecoderFeedForward(width, dropout)

    def forward(self, hidden_BPD: Tensor, mask: Tensor | None, cache: LayerCache | None = None) -> Tensor:
        """Return the block's output, shape (B, P, D); see ``CausalSelfAttention`` for mask and cache."""
        hidden_BPD = hidden_BPD + self.attn(self.ln_1(hidden_BPD), mask, cache)
        return hidden_BPD + self.mlp(self.ln_2(hidden_BPD))


class GatedFeedForward(nn.Sequential):
    """Linear, GELU gate, linear: the first half times the exact GELU of the second (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, width: int, multiplier: int) -> None:
        inner = width * multiplier * 2 // 3
        super().__init__(nn.Linear(width, 2 * inner), _GeluGate(), nn.Linear(inner, width))


class _GeluGate(nn.Module):
    def forward(self, hidden: Tensor) -> Tensor:
        value, gate = hidden.chunk(2, dim=-1)
        return value * functional.gelu(gate)


class SwishFeedForward(nn.Module):
    """The conformer's two layers with SiLU between them."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w_1 = nn.Linear(width, inner)
        self.w_2 = nn.Linear(inner, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the layer's output over the last axis."""
        result: Tensor = self.w_2(functional.silu(self.w_1(hidden)))
        return result


def scale_residuals(blocks: nn.ModuleList) -> None:
    """Scale the projections into the residual stream by 1/sqrt(2 blocks), as GPT-2's initialisation does."""
    factor = (2 * len(blocks)) ** -0.5
    with torch.no_grad():
        for name, parameter in blocks.named_parameters():
            if name.endswith("c_proj.weight"):
                parameter.mul_(factor)
