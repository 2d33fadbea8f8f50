"""The processes of a run: what they add up, and how they stay in step. Knows no voice and no loop.

Each process computes the gradients of its own micro-batches without waiting for the others; then all of them add the
gradients up, once a step. In between they say whether they could compute what they had to. So a process that runs out
of memory leaves no other waiting in an exchange that it does not take part in: all of them compute the step again.

What is said goes from processor to processor (gloo), and waits for no accelerator.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum

import torch
from accelerate import Accelerator
from torch import Tensor, distributed

BUCKET = 2**23
"""Numbers that are exchanged at once, where gradients are smaller: 32 MiB."""


class Trouble(IntEnum):
    """What keeps a process from what it had to compute; of several, the largest counts."""

    NONE = 0
    MEMORY = 1
    """Too little memory for so much at once."""
    HOPELESS = 2
    """Too little memory for a single utterance."""


class CalledOffError(RuntimeError):
    """What processes compute together is called off, because one of them cannot continue.

    Attributes
    ----------
    trouble : Trouble
        Why.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__("another process is out of memory")
        self.trouble = trouble


class Processes:
    """All processes of a run, as one of them sees them.

    Parameters
    ----------
    accelerator : Accelerator
        What connected them.

    Attributes
    ----------
    index, count : int
        Which one this is, and of how many.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.index, self.count = int(accelerator.process_index), int(accelerator.num_processes)
        self._device = accelerator.device
        self._words = None
        if self.count > 1 and self._device.type != "cpu":
            self._words = distributed.new_group(backend="gloo")
        self._buffer = torch.empty(0)

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.index == 0

    def agree(self, trouble: Trouble = Trouble.NONE, *, gradients: int = 0) -> Trouble:
        """Wait for all processes to be as far as this one, and return the largest trouble that any of them has.

        Parameters
        ----------
        trouble : Trouble
            Of this process.
        gradients : int
            How many it has to exchange.

        Raises
        ------
        RuntimeError
            If all is well, but they have not as many: they would add up what does not belong together.
        """
        worst, most, fewest = self._largest(trouble, gradients, -gradients)
        if worst == Trouble.NONE and most != -fewest:
            raise RuntimeError(f"one process has {-fewest} gradients to exchange, another one {most}")
        return Trouble(worst)

    def any_true(self, value: bool) -> bool:
        """Return whether the value is true in any process."""
        return bool(self._largest(int(value))[0])

    def share(self, tensors: Iterable[Tensor]) -> None:
        """Give all processes the leading one's values of tensors, which are in the processor's memory."""
        if self.count == 1:
            return
        for tensor in tensors:
            values = tensor.detach().contiguous()
            distributed.broadcast(values, 0, group=self._words)
            tensor.detach().copy_(values)

    def add(self, values: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes."""
        if self.count == 1:
            return values
        summed = values.detach().clone()
        self._sum(summed)
        return summed

    def gather(self, shards: Sequence[Tensor]) -> list[Tensor]:
        """Return the shards of all processes after one another, for each flat tensor of ours.

        Raises
        ------
        CalledOffError
            If another process cannot continue.
        """
        # Taken first: whoever finds no room for them must not leave the others waiting.
        wholes = [each.new_empty(self.count * len(each)) for each in shards]
        self._meet()
        for whole, each in zip(wholes, shards, strict=True):
            self._gather(whole, each)
        return wholes

    def scatter(self, wholes: Sequence[Tensor]) -> list[Tensor]:
        """Return our shard of the sum over all processes, for each flat tensor.

        Raises
        ------
        CalledOffError
            If another process cannot continue.
        """
        shards = [whole.new_empty(len(whole) // self.count) for whole in wholes]
        self._meet()
        for each, whole in zip(shards, wholes, strict=True):
            self._scatter(each, whole)
        return shards

    def reserve(self, parameters: Sequence[Tensor]) -> None:
        """Take the memory that it takes to exchange the gradients of parameters, so that none runs out of it then."""
        if self.count > 1:
            numbers = sum(each.numel() for each in parameters)
            self._buffer = torch.empty(min(BUCKET, numbers), device=self._device)

    @torch.no_grad()
    def exchange(self, gradients: Sequence[Tensor]) -> None:
        """Add up gradients over all processes, in place; each of them has the same ones, in the same order."""
        if self.count == 1:
            return
        small: list[Tensor] = []
        held = 0
        for gradient in gradients:
            numbers = gradient.numel()
            if numbers > len(self._buffer):
                self._sum(gradient)
                continue
            if held + numbers > len(self._buffer):
                self._exchange_together(small)
                small, held = [], 0
            small.append(gradient)
            held += numbers
        self._exchange_together(small)

    def _exchange_together(self, gradients: Sequence[Tensor]) -> None:
        """Exchange gradients as one tensor: each exchange takes time of its own."""
        if not gradients:
            return
        sizes = [gradient.numel() for gradient in gradients]
        together = self._buffer[: sum(sizes)]
        places = [place.view(each.shape) for place, each in zip(torch.split(together, sizes), gradients, strict=True)]
        torch._foreach_copy_(places, list(gradients))
        self._sum(together)
        torch._foreach_copy_(list(gradients), places)

    def _meet(self) -> None:
        """Go on if all processes do."""
        if trouble := self.agree():
            raise CalledOffError(trouble)

    def _gather(self, whole: Tensor, shard: Tensor) -> None:
        distributed.all_gather_into_tensor(whole, shard)

    def _scatter(self, shard: Tensor, whole: Tensor) -> None:
        distributed.reduce_scatter_tensor(shard, whole)

    def _sum(self, values: Tensor) -> None:
        """Add a tensor up over all processes, in place."""
        distributed.all_reduce(values)

    def _largest(self, *numbers: int) -> list[int]:
        """Return the largest that any process says, of each number."""
        if self.count == 1:
            return list(numbers)
        said = torch.tensor(numbers)
        distributed.all_reduce(said, distributed.ReduceOp.MAX, group=self._words)
        return [int(number) for number in said.tolist()]
