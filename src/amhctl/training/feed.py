"""The order in which a run sees its micro-batches: a pure function of the plan, the position and the processes.

A *group* is what one optimiser step sums over: ``accumulation * processes`` micro-batches of one epoch, of the
processes that the run began with, or what is left of it at its end; nothing is lost and nothing is counted twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Plan = tuple[tuple[int, ...], ...]
"""The micro-batches of an epoch, each a tuple of item indices."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is: micro-batches of ``epoch`` that have been used, by all processes together."""

    epoch: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The micro-batches of one optimiser step, and the position after them."""

    epoch: int
    batches: Plan
    after: Position


@dataclass(frozen=True, slots=True)
class Share:
    """One micro-batch of one process, and its place in the group; an uncounted one only keeps the processes in step.

    Attributes
    ----------
    place : int
        In the group.
    indices : tuple[int, ...]
        Its items.
    counted : bool
        Whether it is one of the group's own.
    most : int
        How many items the largest has of those that the processes compute at the same time.
    """

    place: int
    indices: tuple[int, ...]
    counted: bool
    most: int


def iterate_groups(plan: Callable[[int], Plan], position: Position, size: int) -> Iterator[Group]:
    """Yield groups without end, epoch after epoch, from a position on."""
    epoch, offset = position.epoch, position.offset
    while True:
        batches = plan(epoch)
        while offset < len(batches):
            chosen = batches[offset : offset + size]
            offset += len(chosen)
            after = Position(epoch, offset) if offset < len(batches) else Position(epoch + 1, 0)
            yield Group(epoch, chosen, after)
        epoch, offset = epoch + 1, 0


def shares_of(batches: Plan, process: int, processes: int) -> tuple[Share, ...]:
    """Return the micro-batches of one process, equally many for each process.

    Where a group does not divide evenly, a process without a batch of its own repeats the group's first uncounted,
    and takes as long as the others.
    """
    places = range(-(-len(batches) // processes) * processes)
    filled = [batches[place] if place < len(batches) else batches[0] for place in places]
    return tuple(
        Share(
            place=place,
            indices=filled[place],
            counted=place < len(batches),
            most=max(len(each) for each in filled[place - process : place - process + processes]),
        )
        for place in places[process::processes]
    )
