"""Several processes of a run as threads of one: the same exchanges without the seconds that it takes to start torch.

Chance that torch draws without a generator is common to threads: let a voice that is trained here have no dropout.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

import torch
from torch import Tensor

from amhctl.training.processes import Processes

T = TypeVar("T")
SECONDS = 60
"""How long one waits for the others: a test that hangs fails."""


class Table:
    """Where threads lay down what they exchange."""

    def __init__(self, count: int) -> None:
        self._barrier = Barrier(count)
        self._laid: list[object] = [None] * count

    def exchange(self, index: int, value: T) -> list[T]:
        """Return what each thread laid down, in their order."""
        self._laid[index] = value
        self._barrier.wait(SECONDS)
        taken = list(self._laid)
        self._barrier.wait(SECONDS)
        return taken  # type: ignore[return-value]

    def leave(self) -> None:
        """Let the others wait no longer."""
        self._barrier.abort()


class ThreadProcesses(Processes):
    """One of several threads, as a process of a run."""

    def __init__(self, index: int, count: int, table: Table) -> None:
        self.index, self.count, self._table = index, count, table
        self._device = torch.device("cpu")
        self._buffer = torch.empty(0)

    def share(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            tensor.detach().copy_(self._table.exchange(self.index, tensor.detach().clone())[0])

    def _gather(self, whole: Tensor, shard: Tensor) -> None:
        whole.copy_(torch.cat(self._table.exchange(self.index, shard.clone())))

    def _scatter(self, shard: Tensor, whole: Tensor) -> None:
        summed = torch.stack(self._table.exchange(self.index, whole.clone())).sum(0)
        shard.copy_(summed.chunk(self.count)[self.index])

    def _sum(self, values: Tensor) -> None:
        values.copy_(torch.stack(self._table.exchange(self.index, values.clone())).sum(0))

    def _largest(self, *numbers: int) -> list[int]:
        return [max(said) for said in zip(*self._table.exchange(self.index, numbers), strict=True)]


def together(count: int, work: Callable[[ThreadProcesses], T]) -> Sequence[T]:
    """Return what each of so many threads makes of its place; an error of any is raised."""
    table = Table(count)

    def one(index: int) -> T:
        try:
            return work(ThreadProcesses(index, count, table))
        except BaseException:
            table.leave()
            raise

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(one, index) for index in range(count)]
    errors = [error for future in futures if (error := future.exception()) is not None]
    # That another has left is only what follows.
    for error in sorted(errors, key=lambda error: isinstance(error, BrokenBarrierError)):
        raise error
    return [future.result() for future in futures]
