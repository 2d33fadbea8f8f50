"""Features brought to a common scale, by statistics that are next to the weights. Sees numbers only.

Shapes: ``B batch, T frames, F feature width``.
"""

import torch
from torch import Tensor, nn


class FeatureStandard(nn.Module):
    """Takes the mean of each feature away and divides by its deviation; both are measured, not learnt.

    Parameters
    ----------
    width : int
        Features F.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Return the features at mean 0 and deviation 1."""
        return (features_BTF - self.mean) / self.deviation
