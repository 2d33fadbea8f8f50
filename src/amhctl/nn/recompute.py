"""Activations that are computed anew in the backward pass rather than kept (Chen et al. 2016, arXiv 1604.06174).

A stack of blocks then keeps only what goes into each of them. Dropout is drawn alike the second time, so the gradient
is the same to the last bit; a step takes about a third longer.
"""

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class Recomputing(nn.Module):
    """A network whose stacks of blocks may be computed anew; ``recompute`` says whether they are, in training."""

    recompute: bool = False

    def run_block(self, block: nn.Module, *inputs: object) -> Tensor:
        """Return what a block makes of its inputs."""
        if self.recompute and self.training:
            return cast(Tensor, checkpoint(block, *inputs, use_reentrant=False))
        return cast(Tensor, block(*inputs))


def set_recompute(model: nn.Module, wanted: bool) -> None:
    """Let every stack of blocks of a model be computed anew in the backward pass, or not."""
    for module in model.modules():
        if isinstance(module, Recomputing):
            module.recompute = wanted


def blocks_of(model: nn.Module) -> Iterator[nn.Module]:
    """Yield the blocks of the stacks that may be computed anew."""
    for module in model.modules():
        if isinstance(module, Recomputing):
            for stack in module.children():
                if isinstance(stack, nn.ModuleList):
                    yield from stack
