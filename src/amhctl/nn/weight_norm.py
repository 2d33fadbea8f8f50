"""Weight normalisation, taken out of weights that were trained with it (Salimans and Kingma 2016, arXiv 1602.07868)."""

import torch
from torch import Tensor


def fold_weight_norm(length: Tensor, direction: Tensor) -> Tensor:
    """Return ``length * direction / |direction|``, the shape of ``direction``.

    Parameters
    ----------
    length : Tensor
        One value for each entry of the first axis, shape (entries, 1, …); a file calls it ``weight_g``.
    direction : Tensor
        Its norm is taken over all axes but the first; a file calls it ``weight_v``.
    """
    axes = tuple(range(1, direction.ndim))
    folded: Tensor = length * direction / torch.linalg.vector_norm(direction, dim=axes, keepdim=True)
    return folded
