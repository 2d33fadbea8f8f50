"""A layer that is the identity forwards and turns the gradient around backwards (Ganin and Lempitsky 2015).

What comes after it learns to tell something from its input; what comes before it learns to hide that.
"""

from typing import Any

import torch
from torch import Tensor


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: float) -> Tensor:  # noqa: ANN401
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        return gradients[0] * -ctx.weight, None


def reverse_gradient(values: Tensor, weight: float) -> Tensor:
    """Return the values; their gradient is multiplied by ``-weight`` (arXiv 1409.7495, section 3.1)."""
    result: Tensor = _Reversal.apply(values, weight)  # type: ignore[no-untyped-call]
    return result
