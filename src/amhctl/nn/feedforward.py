"""Feed-forward layers of the conditioning encoders. Sees numbers only."""

from torch import Tensor, nn
from torch.nn import functional


class GatedFeedForward(nn.Sequential):
    """Linear, GELU gate, linear: the first half times the exact GELU of the second (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, width: int, multiplier: int) -> None:
        # Two thirds of a plain layer's width, for as many parameters.
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
