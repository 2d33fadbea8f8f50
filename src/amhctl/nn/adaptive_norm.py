"""Layer norm whose scale and shift follow a condition. Sees numbers only.

The adaptive layer norm of Peebles and Xie 2023, "Scalable Diffusion Models with Transformers" (arXiv 2212.09748).

Shapes: ``B batch, T frames, D width, C width of the condition``.
"""

from torch import Tensor, nn


class AdaptiveNorm(nn.Module):
    """Normalises each frame, then scales and shifts it as the condition says; at first, not at all.

    Parameters
    ----------
    width : int
        Channels D.
    condition : int
        Width C of the condition.
    """

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulate = nn.Linear(condition, 2 * width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, hidden_BTD: Tensor, condition_BC: Tensor) -> Tensor:
        """Return the frames, normalised and modulated, shape (B, T, D)."""
        scale_B1D, shift_B1D = self.modulate(condition_BC)[:, None].chunk(2, dim=-1)
        modulated: Tensor = self.norm(hidden_BTD) * (1.0 + scale_B1D) + shift_B1D
        return modulated
