"""The body of a decoder: GPT-2's blocks without its embeddings (Radford et al. 2019). Sees numbers only.

Shapes: ``B batch, P positions, K keys, D width``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.attention import CausalSelfAttention, TransposedLinear
from amhctl.nn.kvcache import LayerCache
from amhctl.nn.recompute import Recomputing


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
    """A pre-norm block: attention, then the feed-forward layer, each added to what went in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-5)
        self.attn = CausalSelfAttention(width, heads, dropout)
        self.ln_2 = nn.LayerNorm(width, eps=1e-5)
        self.mlp = DecoderFeedForward(width, dropout)

    def forward(
        self, hidden_BPD: Tensor, mask: Tensor | None = None, cache: LayerCache | None = None, start: int = 0
    ) -> Tensor:
        """Return the block's output, shape (B, P, D); see ``CausalSelfAttention`` for mask, cache and start."""
        attended_BPD: Tensor = self.attn(self.ln_1(hidden_BPD), mask, cache, start)
        hidden_BPD = hidden_BPD + attended_BPD
        fed_BPD: Tensor = self.mlp(self.ln_2(hidden_BPD))
        return hidden_BPD + fed_BPD


class Decoder(Recomputing):
    """The blocks and the norm after them. Positions are the caller's: it adds them to the input.

    Parameters
    ----------
    width : int
        Channels D.
    heads : int
        Attention heads.
    layers : int
        Blocks.
    dropout : float
        Dropout of the input, of attention weights and of what each block adds.
    """

    stacks = ("h",)

    def __init__(self, *, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.h = nn.ModuleList(DecoderBlock(width, heads, dropout) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width, eps=1e-5)
        # GPT-2's initialisation: the stream that 2 · layers projections add to keeps its variance.
        with torch.no_grad():
            for name, parameter in self.h.named_parameters():
                if name.endswith("c_proj.weight"):
                    parameter.mul_((2 * layers) ** -0.5)

    def forward(
        self,
        hidden_BPD: Tensor,
        mask: Tensor | None = None,
        caches: tuple[LayerCache, ...] | None = None,
        start: int = 0,
    ) -> Tensor:
        """Return normalised states, shape (B, P, D).

        Parameters
        ----------
        hidden_BPD : Tensor
            Embedded input.
        mask : Tensor | None
            True where a key may be seen, broadcast to (B, H, P, K); causal if there is none.
        caches : tuple[LayerCache, ...] | None
            One of each block, to be filled.
        start : int
            Positions in the caches before these.
        """
        hidden_BPD = functional.dropout(hidden_BPD, self.dropout, self.training)
        for index, block in enumerate(self.h):
            hidden_BPD = self.run_block(block, hidden_BPD, mask, None if caches is None else caches[index], start)
        normed_BPD: Tensor = self.ln_f(hidden_BPD)
        return normed_BPD
