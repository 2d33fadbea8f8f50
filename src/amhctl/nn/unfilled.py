"""Networks without values: of their shapes alone, or to be given weights that exist already."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _WithoutFirstValues(TorchFunctionMode):
    """Leaves out what fills new parameters: on a device without memory, torch loads its compiler to do nothing."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the function returns)
        """Call a function of torch, unless it fills a tensor."""
        given = kwargs or {}
        if getattr(function, "__module__", "") == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return function(*args, **given)


@contextmanager
def unfilled() -> Iterator[None]:
    """Let networks that are made in the block have shapes and no memory; ``load_state_dict(assign=True)`` fills one."""
    with torch.device("meta"), _WithoutFirstValues():
        yield
