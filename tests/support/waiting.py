"""What lets the processor wait for a device: operations whose result, or its size, it has to know."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

_OPERATIONS = frozenset(
    {
        "_local_scalar_dense",
        "bincount",
        "equal",
        "is_nonzero",
        "masked_select",
        "nonzero",
        "one_hot",
        "repeat_interleave",
    }
)
_INDEXING = frozenset({"index", "index_put", "index_put_", "_index_put_impl_"})


class Waits(TorchDispatchMode):
    """Counts such operations, of whatever device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.__name__.partition(".")[0]
        # How many rows a mask chooses, only its values tell.
        masked = name in _INDEXING and any(
            isinstance(index, torch.Tensor) and index.dtype == torch.bool for index in args[1]
        )
        if name in _OPERATIONS or name.startswith("unique") or masked:
            self.found[name] += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def count_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count how often values of tensors are read as numbers of Python, by whom they are asked for."""
    reads: Counter[str] = Counter()
    with monkeypatch.context() as patch:
        for name in ("item", "tolist", "numpy", "__float__", "__int__", "__bool__", "__index__"):
            read = getattr(torch.Tensor, name)

            def counted(self: torch.Tensor, *arguments: Any, _name: str = name, _read: Any = read, **rest: Any) -> Any:
                reads[_name] += 1
                return _read(self, *arguments, **rest)

            patch.setattr(torch.Tensor, name, counted)
        yield reads
