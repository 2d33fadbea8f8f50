"""Micro-batches of a run, prepared beside its steps by processes of their own. Knows no step."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import torch
from torch.utils.data import DataLoader

from amhctl.training.voice_recipe import Batch, Item, Utterances


class _Items:
    """A dataset keyed by (epoch, index), so that one loader serves all epochs."""

    def __init__(self, dataset: Utterances) -> None:
        self.dataset = dataset

    def __getitem__(self, key: tuple[int, int]) -> Item:
        epoch, index = key
        return self.dataset.item(index, epoch)


def load_batches(
    dataset: Utterances,
    keys: Iterable[list[tuple[int, int]]],
    collate: Callable[[Sequence[Item]], Batch],
    *,
    workers: int,
    pinned: bool,
) -> Iterator[Batch]:
    """Yield micro-batches in their order.

    Parameters
    ----------
    dataset : Utterances
        Where the utterances are.
    keys : Iterable[list[tuple[int, int]]]
        Epoch and index of each utterance of each micro-batch.
    collate : Callable[[Sequence[Item]], Batch]
        What makes a micro-batch of utterances.
    workers : int
        Processes that prepare them; 0 prepares them here, as they are asked for.
    pinned : bool
        Whether they are to be in memory that a CUDA device reads by itself.
    """
    loader: DataLoader[Item] = DataLoader(
        _Items(dataset),  # type: ignore[arg-type]
        batch_sampler=keys,
        collate_fn=collate,
        num_workers=workers,
        pin_memory=pinned,
        generator=torch.Generator(),
    )
    # What the loader yields is what collate returns, not what its type argument says.
    return cast(Iterator[Batch], iter(loader))
