"""Multi-head self-attention of a decoder, with the weight layout of GPT-2. Sees numbers only.

Shapes: ``B batch, P positions, D width, H heads, K keys, W width of a head``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.kvcache import LayerCache


class TransposedLinear(nn.Module):
    """A linear layer whose weight is stored (in, out), as GPT-2's is; y = x W + b."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the product over the last axis."""
        return functional.linear(hidden, self.weight.T, self.bias)


class CausalSelfAttention(nn.Module):
    """Masked self-attention with fused query, key and value.

    Parameters
    ----------
    width : int
        Channels D.
    heads : int
        Heads H; D is a multiple of it.
    dropout : float
        Dropout of attention weights and of the output.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.c_attn = TransposedLinear(width, 3 * width)
        self.c_proj = TransposedLinear(width, width)

    def forward(self, hidden_BPD: Tensor, mask: Tensor | None, cache: LayerCache | None = None) -> Tensor:
        """Return the attended values, shape (B, P, D).

        ``mask`` is True where a key may be seen, broadcast to (B, H, P, K). Without a mask the attention is causal
        if there is no cache, and over all cached keys if there is one.
        """
        batch, positions, width = hidden_BPD.shape
        query, key, value = (
            part.view(batch, positions, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(hidden_BPD).split(width, dim=-1)
        )
        causal = mask is None and (cache is None or cache.length == 0)
        if cache is not None:
            key, value = cache.extend(key, value)
        attended_BHPW = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=causal and positions > 1,
        )
        merged_BPD = attended_BHPW.transpose(1, 2).reshape(batch, positions, width)
        return functional.dropout(self.c_proj(merged_BPD), self.dropout, self.training)
