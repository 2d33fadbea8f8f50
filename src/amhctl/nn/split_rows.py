"""Tables of which some rows learn and the others cannot: those are no parameter. Sees numbers only.

What is no parameter gets no gradient, has no moments and is not seen by an optimiser, so that neither decay nor
momentum moves it; a gradient that is set to zero does not have that effect (Loshchilov and Hutter 2019: decay is
decoupled from the gradient). The state dictionary has the whole tensor under the name that it had before.

Shapes: ``R rows, D width``.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class SplitRows(nn.Module):
    """A tensor whose rows ``start`` to ``stop`` are a parameter and whose others are constants.

    Parameters
    ----------
    table : Tensor
        The whole tensor, of any number of dimensions.
    start, stop : int
        The rows that learn, as of a slice.
    """

    before: Tensor
    behind: Tensor

    def __init__(self, table: Tensor, start: int, stop: int) -> None:
        super().__init__()
        table = table.detach()
        self.shape = table.shape
        self.register_buffer("before", table[:start].clone(), persistent=False)
        self.register_buffer("behind", table[stop:].clone(), persistent=False)
        self.rows = nn.Parameter(table[start:stop].clone())

    def forward(self) -> Tensor:
        """Return the whole tensor."""
        return torch.cat([self.before, self.rows, self.behind])

    def spread(self, rows: Tensor) -> Tensor:
        """Return a tensor of the whole shape with these values in the rows that learn, and zeros in the others."""
        whole = rows.new_zeros(self.shape)
        whole[len(self.before) : len(self.before) + len(self.rows)] = rows
        return whole

    def pick(self, whole: Tensor) -> Tensor:
        """Return the rows that learn, of a tensor of the whole shape."""
        return whole[len(self.before) : len(self.before) + len(self.rows)]

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        whole = self()
        destination[prefix.removesuffix(".")] = whole if keep_vars else whole.detach()

    def _load_from_state_dict(self, *_: object) -> None:
        """Load nothing: the layer that it is a tensor of loads it, to which its name belongs."""

    def load(self, whole: Tensor) -> None:
        """Take the values of a tensor of the whole shape."""
        start, stop = len(self.before), len(self.before) + len(self.rows)
        with torch.no_grad():
            self.before.copy_(whole[:start])
            self.rows.copy_(whole[start:stop])
            self.behind.copy_(whole[stop:])


class _SplitLayer(nn.Module):
    """A layer whose tensors are split; loads them by the names that they have in the whole layer."""

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: Mapping[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        known = {f"{prefix}{name}": rows for name, rows in self.named_children() if isinstance(rows, SplitRows)}
        for name, rows in known.items():
            whole = state_dict.get(name)
            if whole is None:
                missing_keys.append(name)
            elif whole.shape != rows.shape:
                error_msgs.append(f"size mismatch for {name}: {tuple(whole.shape)} instead of {tuple(rows.shape)}")
            else:
                rows.load(whole)
        unexpected_keys += [name for name in state_dict if name.startswith(prefix) and name not in known]


class SplitEmbedding(_SplitLayer):
    """An embedding of which some rows learn.

    Parameters
    ----------
    embedding : nn.Embedding
        The one whose place it takes.
    start, stop : int
        The rows that learn.
    """

    def __init__(self, embedding: nn.Embedding, start: int, stop: int) -> None:
        super().__init__()
        self.weight = SplitRows(embedding.weight, start, stop)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the rows of ids, shape (…, D)."""
        return functional.embedding(ids, self.weight())


class SplitLinear(_SplitLayer):
    """A linear layer of which some outputs learn.

    Parameters
    ----------
    linear : nn.Linear
        The one whose place it takes.
    start, stop : int
        The outputs that learn.
    """

    def __init__(self, linear: nn.Linear, start: int, stop: int) -> None:
        super().__init__()
        self.weight = SplitRows(linear.weight, start, stop)
        self.bias = None if linear.bias is None else SplitRows(linear.bias, start, stop)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the product over the last axis, shape (…, R)."""
        return functional.linear(hidden, self.weight(), None if self.bias is None else self.bias())
