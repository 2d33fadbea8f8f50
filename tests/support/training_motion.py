"""What is looked at in a run in motion: its weights, and what it is to one of several processes."""

from collections.abc import Iterable, Sequence

import torch

from amhctl.training.loop import Loop
from amhctl.training.processes import Processes


def weights(loop: Loop) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in loop.parts.model.parameters()]


class Several(Processes):
    """One of several processes without the others, whose gradients the test adds up."""

    def __init__(self, index: int, count: int) -> None:
        self.index, self.count = index, count

    def share(self, tensors: Iterable[torch.Tensor]) -> None:
        """Leave the values as they are."""

    def reserve(self, parameters: Sequence[torch.Tensor]) -> None:
        """Take no memory."""

    def exchange(self, gradients: Sequence[torch.Tensor]) -> None:
        self.gradients = [gradient.clone() for gradient in gradients]

    def add(self, values: torch.Tensor) -> torch.Tensor:
        return values

    def _largest(self, *numbers: int) -> list[int]:
        return list(numbers)
