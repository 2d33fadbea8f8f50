"""Averaged weights: the exponential moving average of a model's parameters, which is what is measured and kept.

Knows no optimiser. What does not learn is not copied: the average has the original's own tensors there. In the first
steps n the decay grows from 0.18 towards its final value, min(decay, (1 + n) / (10 + n)), so that the random start is
forgotten soon (as in TensorFlow's ExponentialMovingAverage).
"""

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from amhctl.nn.split_rows import SplitRows

M_co = TypeVar("M_co", bound=nn.Module, covariant=True)


class AveragedModel(Generic[M_co]):
    """A copy of a model in evaluation mode whose parameters follow those of the original.

    Parameters
    ----------
    model : M_co
        The original.
    decay : float
        Fraction of the average that stays at each step; 0 makes the copy equal to the original.
    """

    def __init__(self, model: M_co, decay: float) -> None:
        self.decay = decay
        constants: list[Tensor] = [parameter for parameter in model.parameters() if not parameter.requires_grad]
        for module in model.modules():
            if isinstance(module, SplitRows):
                constants += module.buffers()
        shared = {id(tensor): tensor for tensor in constants}
        learning = [parameter.requires_grad for parameter in model.parameters()]
        self.model: M_co = copy.deepcopy(model, dict(shared)).eval().requires_grad_(False)
        pairs = zip(self.model.parameters(), model.parameters(), learning, strict=True)
        self._averages: list[Tensor] = []
        self._sources: list[Tensor] = []
        for average, source, learns in pairs:
            if learns:
                self._averages.append(average)
                self._sources.append(source)
        self._buffers = [
            (average, source)
            for average, source in zip(self.model.buffers(), model.buffers(), strict=True)
            if average is not source
        ]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the averages towards the original after optimiser step ``step``, counted from 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        # `.data` again each time: a wrapper for several processes may give the parameters other storage.
        torch._foreach_lerp_(self._averages, [source.data for source in self._sources], 1.0 - decay)
        for average, source in self._buffers:
            average.copy_(source)
