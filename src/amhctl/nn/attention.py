"""Multi-head self-attention of a decoder, with the weight layout of GPT-2. Sees numbers only.

Shapes: ``B batch, P positions, D width, H heads, K keys, W width of a head``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.kvcache import LayerCache

HALF = (torch.bfloat16, torch.float16)
"""Types of which weights take half the memory of single precision."""


class TransposedLinear(nn.Module):
    """A linear layer whose weight is stored (in, out), as GPT-2's is; y = x W + b.

    ``model.kept_weights`` may keep its weight in half precision: then it multiplies in it, whatever comes in.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the product over the last axis, in the precision of a weight that is kept in half of one."""
        if self.weight.dtype in HALF:
            hidden = hidden.to(self.weight.dtype)
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

    def forward(
        self, hidden_BPD: Tensor, mask: Tensor | None = None, cache: LayerCache | None = None, start: int = 0
    ) -> Tensor:
        """Return the attended values, shape (B, P, D).

        Parameters
        ----------
        hidden_BPD : Tensor
            New positions.
        mask : Tensor | None
            True where a key may be seen, broadcast to (B, H, P, K). Without one the attention is causal; several
            positions behind ``start`` cached ones need one.
        cache : LayerCache | None
            Keeps the keys and values, and gives those of the ``start`` positions before.
        start : int
            Positions in the cache before these.
        """
        batch, positions, width = hidden_BPD.shape
        query, key, value = (
            part.view(batch, positions, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(hidden_BPD).split(width, dim=-1)
        )
        if cache is not None:
            key, value = cache.extend(key, value, start)
        attended_BHPW = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            # One position behind cached ones sees them all; without a cache, that this is no size lets it be compiled.
            is_causal=mask is None and (cache is None or positions > 1),
        )
        merged_BPD: Tensor = attended_BHPW.transpose(1, 2).reshape(batch, positions, width)
        return functional.dropout(self.c_proj(merged_BPD), self.dropout, self.training)


def causal_mask(keep_BK: Tensor) -> Tensor:
    """Return what each position may see, shape (B, 1, K, K): the past, but for positions that are not kept."""
    keys = keep_BK.shape[1]
    causal_KK = torch.ones(keys, keys, dtype=torch.bool, device=keep_BK.device).tril()
    # Padded positions see themselves, so that no row of the softmax is empty.
    itself_KK = torch.eye(keys, dtype=torch.bool, device=keep_BK.device)
    return ((causal_KK & keep_BK[:, None]) | itself_KK)[:, None]
