"""The passes of a step: micro-batches forward and backward through what a voice is trained for.

Nothing here remembers anything: what is drawn for a micro-batch is a function of seed, step and place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from amhctl.training.feed import Share
from amhctl.training.microbatch import iterate_parts
from amhctl.training.run import Run
from amhctl.training.seeding import seed_batch
from amhctl.training.voice_recipe import Batch, Counts

Part = tuple[Batch, tuple[Any, ...]]
"""Some rows of a micro-batch, and of what the objective is given after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """Micro-batches through a voice that learns, and through its average.

    Attributes
    ----------
    run : Run
        What is fixed.
    device : torch.device
        Where.
    objective, averaged_objective : nn.Module
        What the voice is trained for, and the same of its average.
    """

    run: Run
    device: torch.device
    objective: nn.Module
    averaged_objective: nn.Module

    def learn(
        self, held: list[Batch], shares: tuple[Share, ...], counts: Counts, *, step: int, parts: int, factor: float
    ) -> Tensor:
        """Add up the gradients of this process's micro-batches of a step; return the packed sums of their losses.

        Parameters
        ----------
        held : list[Batch]
            The micro-batches.
        shares : tuple[Share, ...]
            What each of them is.
        counts : Counts
            Real targets of the whole step.
        step : int
            Number of the step.
        parts : int
            Parts in which each is computed.
        factor : float
            What the loss is multiplied by before the backward pass.
        """
        self.objective.train()
        packed: Tensor | float = 0.0
        for batch, share in zip(held, shares, strict=True):
            batch = batch.to(self.device)
            inputs = self.run.recipe.inputs(
                batch, counts, self.run.config, seed=self.run.seed, step=step, place=share.place
            )
            seed_batch(self.run.seed, step, share.place)
            for (part, behind), counted in _in_step(batch, inputs, share, parts):
                loss, sums = self.objective(part, *behind)
                # The loss is a share of a sum over all processes, and so is its gradient.
                (loss * (counted * factor)).backward()
                packed = packed + sums * counted
        return cast(Tensor, packed)

    def measure(self, batch: Batch, share: Share, counts: Counts, *, parts: int) -> Tensor:
        """Return the packed sums of the averaged voice's losses on a micro-batch of the validation set."""
        batch = batch.to(self.device)
        inputs = self.run.recipe.valid_inputs(batch, counts, seed=self.run.seed, place=share.place)
        packed: Tensor | float = 0.0
        for (part, behind), counted in _in_step(batch, inputs, share, parts):
            packed = packed + self.averaged_objective(part, *behind)[1] * counted
        return cast(Tensor, packed)


def _in_step(batch: Batch, inputs: tuple[Any, ...], share: Share, parts: int) -> Iterator[tuple[Part, float]]:
    """Yield the parts of a micro-batch and whether each counts, as 1 or 0.

    There are as many as in any process: one whose micro-batch has fewer items than another's repeats the last.
    """
    cut = tuple(iterate_parts(batch, inputs, parts))
    for index in range(min(parts, share.most)):
        yield cut[min(index, len(cut) - 1)], float(share.counted and index < len(cut))
