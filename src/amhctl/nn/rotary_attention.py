"""Self-attention in both directions, with positions turned into its keys and queries. Sees numbers only.

Rotary positions: Su et al. 2021, "RoFormer" (arXiv 2104.09864).

Shapes: ``B batch, T frames, D width, H heads, W width of a head, C width of the condition``.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.adaptive_norm import AdaptiveNorm

_LONGEST_WAVE = 10_000.0


class RotaryAttention(nn.Module):
    """Norm, self-attention over all real frames, layer scale, residual.

    Parameters
    ----------
    width : int
        Channels D.
    heads : int
        Heads H; D is an even multiple of it.
    condition : int
        Width C of a condition that modulates the norm; 0 for a norm of its own.
    scale : float
        Initial layer scale.
    """

    def __init__(self, width: int, heads: int, *, condition: int = 0, scale: float = 0.1) -> None:
        super().__init__()
        self.heads = heads
        self.norm = AdaptiveNorm(width, condition) if condition else nn.LayerNorm(width)
        self.project_in = nn.Linear(width, 3 * width)
        self.project_out = nn.Linear(width, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, hidden_BTD: Tensor, keep_BT: Tensor, condition_BC: Tensor | None = None) -> Tensor:
        """Return the frames, shape (B, T, D); no frame sees one where ``keep_BT`` is false."""
        normed_BTD = self.norm(hidden_BTD) if condition_BC is None else self.norm(hidden_BTD, condition_BC)
        output: Tensor = self.project_out(attend_rotary(self.project_in(normed_BTD), self.heads, keep_BT))
        return hidden_BTD + self.scale * output


def attend_rotary(mixed_BTM: Tensor, heads: int, keep_BT: Tensor | None) -> Tensor:
    """Return attention over all frames with rotary positions, shape (B, T, D).

    Parameters
    ----------
    mixed_BTM : Tensor
        Queries, keys and values of all heads in a row, M = 3 D.
    heads : int
        Heads that share the width.
    keep_BT : Tensor | None
        Frames that may be seen; None is all.
    """
    batch, frames, width = mixed_BTM.shape[0], mixed_BTM.shape[1], mixed_BTM.shape[2] // 3
    mixed = mixed_BTM.view(batch, frames, 3, heads, width // heads)
    query_BHTW, key_BHTW, value_BHTW = mixed.permute(2, 0, 3, 1, 4)
    turned = rotary_angles(frames, width // heads, mixed_BTM.device)
    seen_BHTW = functional.scaled_dot_product_attention(
        turn_pairs(query_BHTW, turned),
        turn_pairs(key_BHTW, turned),
        value_BHTW,
        attn_mask=None if keep_BT is None else keep_BT[:, None, None, :],
    )
    return seen_BHTW.transpose(1, 2).reshape(batch, frames, width)


def rotary_angles(frames: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of each position's angles, shape (T, W / 2) each."""
    waves = torch.exp(torch.arange(0, width, 2, device=device).float() * (-math.log(_LONGEST_WAVE) / width))
    angles = torch.arange(frames, device=device).float()[:, None] * waves
    return angles.cos(), angles.sin()


def turn_pairs(heads_BHTW: Tensor, turned: tuple[Tensor, Tensor]) -> Tensor:
    """Return queries or keys with each pair of neighbouring values turned by its angle, shape (B, H, T, W)."""
    cosine, sine = turned
    even, odd = heads_BHTW[..., 0::2], heads_BHTW[..., 1::2]
    both = torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1)
    return both.flatten(-2).to(heads_BHTW.dtype)
