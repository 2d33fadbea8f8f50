"""Parts of a micro-batch: the same items in fewer at a time, for devices that cannot hold them all.

What was drawn for a micro-batch is cut along with it, so that its parts add up to what it is as a whole. Only dropout,
which is drawn inside the model, is then another draw.
"""

import itertools
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

from torch import Tensor

from amhctl.training.voice_recipe import Batch

# Tensors, and values made of them.
Rows: TypeAlias = Any


def cut(items: int, parts: int) -> tuple[slice, ...]:
    """Return the rows of each part: as many parts as asked for, or as there are items, alike in size."""
    parts = min(parts, items)
    edges = [items * part // parts for part in range(parts + 1)]
    return tuple(slice(begin, end) for begin, end in itertools.pairwise(edges))


def iterate_parts(batch: Batch, inputs: tuple[Rows, ...], parts: int) -> Iterator[tuple[Batch, tuple[Rows, ...]]]:
    """Yield the parts of a micro-batch and of what its objective is given after it."""
    rows = cut(len(batch.ids), parts)
    if len(rows) == 1:
        yield batch, inputs
        return
    for each in rows:
        yield rows_of(batch, each), rows_of(inputs, each)


def rows_of(value: Rows, rows: slice) -> Rows:
    """Return some rows of tensors, of ids, and of values made of them; what has no rows stays whole."""
    if isinstance(value, Tensor):
        return value[rows] if value.ndim else value
    if isinstance(value, tuple):
        return (
            value[rows]
            if all(isinstance(each, str) for each in value)
            else tuple(rows_of(each, rows) for each in value)
        )
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: rows_of(getattr(value, field.name), rows) for field in fields(value)})
    return value
