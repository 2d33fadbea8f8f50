"""How far a run goes: its heaviest micro-batch, of all epochs, and how much of its micro-batches is padding."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from amhctl.training.feed import Group, Plan
from amhctl.training.voice_recipe import BatchSize, Lengths


@dataclass(frozen=True, slots=True)
class Extent:
    """What the steps to come are made of.

    Attributes
    ----------
    heaviest : Group
        The step with the heaviest micro-batch.
    size : BatchSize
        That micro-batch.
    frames : float
        Frames of a step, padding included, in the mean.
    padding : float
        Fraction of the frames that are padding.
    epochs : int
        Epochs that the steps are in.
    """

    heaviest: Group
    size: BatchSize
    frames: float
    padding: float
    epochs: int


def padding_of(plan: Plan, lengths: Lengths) -> float:
    """Return the share of the frames of micro-batches that are padding."""
    padded = sum(len(batch) * max(lengths.frames[index] for index in batch) for batch in plan)
    _, real, _ = lengths.sums(plan)
    return 1.0 - real / padded


def measure_extent(groups: Iterator[Group], steps: int, lengths: Lengths) -> Extent:
    """Look through the steps to come, which are known before they are taken.

    Parameters
    ----------
    groups : Iterator[Group]
        The steps; there is no end to them.
    steps : int
        How many will be taken, one or more.
    lengths : Lengths
        Of the utterances.
    """
    frames, texts = lengths.frames, lengths.text
    heaviest, largest = None, BatchSize(0, 0, 0, 0)
    padded = real = taken = 0
    epochs: set[int] = set()
    for group in islice(groups, steps):
        taken += 1
        epochs.add(group.epoch)
        for batch in group.batches:
            longest = max(frames[index] for index in batch)
            padded += longest * len(batch)
            real += sum(frames[index] for index in batch)
            size = BatchSize(len(batch), longest, max(texts[index] for index in batch), lengths.prompt)
            if size.positions > largest.positions:
                heaviest, largest = group, size
    if heaviest is None:
        raise ValueError("there is no step to look at")
    return Extent(heaviest, largest, padded / taken, 1.0 - real / padded, len(epochs))
