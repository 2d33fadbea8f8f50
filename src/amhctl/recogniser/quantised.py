"""How a recogniser's weights are stored: matrices as whole numbers from -127 to 127, each row with its scale.

A row's scale is its largest magnitude over 127, so that no weight is off by more than half a step. Everything else is
in half precision. The graph multiplies them out where it is loaded, so that it computes in single precision.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from amhctl.config.recogniser import RecogniserConfig
from amhctl.recogniser.network import network_shapes

SCALE = ".scale"
"""What follows the name of a matrix in the name of its scales."""
_STEPS = 127


def quantise(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the stored form of a network's tensors."""
    stored = {}
    for name, value in tensors.items():
        if value.ndim < 2:
            stored[name] = value.half()
            continue
        rows = value.float().flatten(1)
        scale = (rows.abs().amax(dim=1) / _STEPS).clamp_min(torch.finfo(torch.float32).tiny)
        shape = (-1, *(1,) * (value.ndim - 1))
        stored[name] = (value.float() / scale.view(shape)).round().clamp(-_STEPS, _STEPS).to(torch.int8)
        stored[name + SCALE] = scale.view(shape)
    return stored


def restore(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that a stored form stands for, in single precision."""
    return {
        name: value.float() * stored[name + SCALE] if value.dtype == torch.int8 else value.float()
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }


def stored_shapes(config: RecogniserConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a stored form."""
    shapes = network_shapes(config)
    scales = {name + SCALE: (shape[0], *(1,) * (len(shape) - 1)) for name, shape in shapes.items() if len(shape) > 1}
    return shapes | scales
