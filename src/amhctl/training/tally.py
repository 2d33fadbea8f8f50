"""A tally of memory: the bytes of tensors while they live, and their peak. Knows no model."""

import weakref
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

# What an operation of torch is given and gives: tensors, and values made of them.
Operation: TypeAlias = Any
Value: TypeAlias = Any


class Tally(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the storages that operations make on a kind of device, until they are freed.

    Parameters
    ----------
    device : str
        The kind.

    Attributes
    ----------
    peak : int
        Most bytes that lived at once.
    """

    def __init__(self, device: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._device = device
        self._live = 0
        self._seen: dict[int, object] = {}

    def __torch_dispatch__(
        self, function: Operation, types: Value, args: Value = (), kwargs: dict[str, Value] | None = None
    ) -> Value:
        """Run an operation and count what it made."""
        result = function(*args, **(kwargs or {}))
        for value in tree_iter(result):
            if isinstance(value, Tensor):
                self.add(value)
        return result

    def add(self, tensor: Tensor) -> None:
        """Count a tensor's storage, once."""
        if tensor.device.type != self._device:
            return
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return

        def drop(_: weakref.ref[torch.UntypedStorage]) -> None:
            self._live -= size
            self._seen.pop(key, None)

        self._seen[key] = weakref.ref(storage, drop)
        self._live += size
        self.peak = max(self.peak, self._live)
