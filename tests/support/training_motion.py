"""What is looked at in a run in motion: its weights, and what it is to one of several processes."""

from dataclasses import dataclass

import torch
from accelerate import Accelerator

from amhctl.training.loop import Loop


def weights(loop: Loop) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in loop.parts.model.parameters()]


@dataclass
class Several:
    """An accelerator as one of several processes sees it, whose sums the test adds up."""

    inner: Accelerator
    process_index: int
    num_processes: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def clip_grad_norm_(self, parameters: list[torch.nn.Parameter], _norm: float) -> torch.Tensor:
        self.gradients = [parameter.grad.clone() for parameter in parameters if parameter.grad is not None]
        return torch.zeros(())
