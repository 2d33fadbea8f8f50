"""The passes of a step: micro-batches forward and backward through what a voice is trained for.

Nothing here remembers anything: what is drawn for a micro-batch is a function of seed, step and place.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

from accelerate import Accelerator
from torch import Tensor, nn

from amhctl.training.feed import Share
from amhctl.training.microbatch import iterate_parts
from amhctl.training.run import Run
from amhctl.training.seeding import seed_batch
from amhctl.training.voice_recipe import Batch, Counts

Part = tuple[Batch, tuple[Any, ...]]
"""Some rows of a micro-batch, and of what the objective is given behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """Micro-batches through a voice that learns, and through its average.

    Attributes
    ----------
    run : Run
        What is fixed.
    accelerator : Accelerator
        Devices and processes.
    objective, averaged_objective : nn.Module
        What the voice is trained for, and the same of its average.
    """

    run: Run
    accelerator: Accelerator
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
        for index, (batch, share) in enumerate(zip(held, shares, strict=True)):
            batch = batch.to(self.accelerator.device)
            inputs = self.run.recipe.inputs(
                batch, counts, self.run.config, seed=self.run.seed, step=step, place=share.place
            )
            seed_batch(self.run.seed, step, share.place)
            cut = tuple(iterate_parts(batch, inputs, parts))
            packed = packed + self._learn_parts(cut, share, factor, last=index + 1 == len(shares))
        return cast(Tensor, packed)

    def measure(self, batch: Batch, share: Share, counts: Counts, *, parts: int) -> Tensor:
        """Return the packed sums of the averaged voice's losses on a micro-batch of the validation set."""
        batch = batch.to(self.accelerator.device)
        inputs = self.run.recipe.valid_inputs(batch, counts, seed=self.run.seed, place=share.place)
        cut = iterate_parts(batch, inputs, parts)
        sums = sum(self.averaged_objective(part, *behind)[1] for part, behind in cut)
        return cast(Tensor, sums) * float(share.counted)

    def _learn_parts(self, cut: tuple[Part, ...], share: Share, factor: float, *, last: bool) -> Tensor:
        """Add up the gradients of the parts of a micro-batch; ``last`` is that of the step."""
        summed: Tensor | float = 0.0
        for index, (part, behind) in enumerate(cut):
            # Processes exchange their gradients once, behind the last part of the last micro-batch.
            silent = not last or index + 1 < len(cut)
            with self.accelerator.no_sync(self.objective) if silent else nullcontext():
                loss, packed = self.objective(part, *behind)
                # Gradients of processes are averaged, the loss is a share of a sum: hence the number of processes.
                self.accelerator.backward(loss * (float(share.counted) * self.accelerator.num_processes * factor))
            summed = summed + packed * float(share.counted)
        return cast(Tensor, summed)
