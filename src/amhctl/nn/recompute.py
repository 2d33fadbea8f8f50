"""Activations that are computed again in the backward pass rather than kept (Chen et al. 2016, arXiv 1604.06174).

A stack of blocks then keeps only what goes into each of them. Dropout is drawn alike the second time, so the gradient
is the same to the last bit; a step takes about a third longer. Blocks whose parameters are in shards are always
computed again: what they computed would keep the whole parameters.
"""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from amhctl.nn.sharding import compute_whole, sharding_of


class Recomputing(nn.Module):
    """A network whose stacks of blocks may be computed again; ``recompute`` says whether they are, in training."""

    recompute: bool = False
    stacks: ClassVar[tuple[str, ...]] = ()
    """The children that are blocks, or lists of them, and are called by the two methods below alone."""

    def run_block(self, block: nn.Module, *inputs: object) -> Tensor:
        """Return what a block makes of its inputs."""
        return self._run(block, inputs, recompute=self.recompute and self.training)

    def run_part(self, part: nn.Module, *inputs: object) -> Tensor:
        """Return what a part makes of its inputs: one that is large, but computes little that would be kept."""
        return self._run(part, inputs, recompute=False)

    def _run(self, block: nn.Module, inputs: tuple[object, ...], *, recompute: bool) -> Tensor:
        sharding = sharding_of(block)
        compute = block if sharding is None else partial(compute_whole, block, sharding)
        if recompute or (sharding is not None and torch.is_grad_enabled()):
            return cast(Tensor, checkpoint(compute, *inputs, use_reentrant=False))
        return cast(Tensor, compute(*inputs))


def set_recompute(model: nn.Module, wanted: bool) -> None:
    """Let every stack of blocks of a model be computed again in the backward pass, or not."""
    for module in model.modules():
        if isinstance(module, Recomputing):
            module.recompute = wanted


def blocks_of(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the blocks of the stacks that may be computed again, and large parts, with their names."""
    for prefix, module in model.named_modules():
        if isinstance(module, Recomputing):
            for stack in module.stacks:
                child, name = module.get_submodule(stack), f"{prefix}.{stack}".removeprefix(".")
                if isinstance(child, nn.ModuleList):
                    yield from ((f"{name}.{place}", block) for place, block in enumerate(child))
                else:
                    yield name, child
