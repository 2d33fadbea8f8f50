"""One-dimensional ConvNeXt blocks (Liu et al. 2022, arXiv 2201.03545), as in Vocos (Siuzdak 2023, arXiv 2306.00814).

Shapes: ``B batch, T frames, D width``. Channels stand last; padded frames are kept at zero by an optional mask, so
that a padded batch equals its items one by one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.nn.adaptive_norm import AdaptiveNorm


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, layer norm, a wide pointwise layer, layer scale, residual.

    Parameters
    ----------
    width : int
        Channels D.
    kernel : int
        Frames each output frame sees; odd.
    expansion : int
        Width of the inner layer as a multiple of D.
    scale : float
        Initial layer scale; ``1 / blocks`` is what Vocos uses.
    condition : int
        Width of a condition that modulates the norm; 0 for a norm of its own.
    inner : int | None
        Width of the inner layer, where it is no multiple of D.
    eps : float
        What the norm adds to the variance; a norm under a condition has 1e-5.
    dropout : float
        Fraction of the inner channels that a training item does without; the same ones in every frame, which costs
        nothing where drawing each value again takes an eighth of a training step on a CPU.
    """

    def __init__(
        self,
        width: int,
        *,
        kernel: int = 7,
        expansion: int = 3,
        scale: float = 0.1,
        condition: int = 0,
        inner: int | None = None,
        eps: float = 1e-5,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        inner = expansion * width if inner is None else inner
        self.dropout = dropout
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = AdaptiveNorm(width, condition) if condition else nn.LayerNorm(width, eps=eps)
        self.expand = nn.Linear(width, inner)
        self.contract = nn.Linear(inner, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, hidden_BTD: Tensor, keep_BT1: Tensor | None = None, condition_BC: Tensor | None = None) -> Tensor:
        """Return the block's output, shape (B, T, D); frames where ``keep_BT1`` is 0 come out as zeros."""
        inner_BTD = self.depthwise(hidden_BTD.transpose(1, 2)).transpose(1, 2)
        inner_BTD = self.norm(inner_BTD) if condition_BC is None else self.norm(inner_BTD, condition_BC)
        inner_BTD = functional.gelu(self.expand(inner_BTD))
        if self.dropout and self.training:
            kept_B1D = inner_BTD.new_ones((inner_BTD.shape[0], 1, inner_BTD.shape[2]))
            inner_BTD = inner_BTD * functional.dropout(kept_B1D, self.dropout)
        inner_BTD = self.contract(inner_BTD)
        hidden_BTD = hidden_BTD + self.scale * inner_BTD
        return hidden_BTD if keep_BT1 is None else hidden_BTD * keep_BT1
