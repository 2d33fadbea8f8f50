"""How a device would compute, for tensors on the device ``meta``: in which types, and by which kernels.

Automatic casts do not reach ``meta``, and its kernels are the plain ones. What decides memory is imitated: products in
half precision and what is kept in single (the lists of torch.autocast), attention by a fused kernel that keeps no
weights, and a dropout whose mask has one byte for each value. A CPU differs in the last two: attention with dropout
writes its weights out, and masks have the type of the values.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from amhctl.training.export import Arithmetic
from amhctl.training.precision import HALVES

Value: TypeAlias = Any

_LOWERED: frozenset[Callable[..., Value]] = frozenset(
    {
        functional.linear,
        functional.conv1d,
        functional.conv2d,
        torch.matmul,
        torch.bmm,
        torch.addmm,
        torch.einsum,
        Tensor.matmul,
        Tensor.__matmul__,
        functional.scaled_dot_product_attention,
    }
)
"""What autocast computes in half precision."""
_RAISED: frozenset[Callable[..., Value]] = frozenset(
    {functional.layer_norm, functional.softmax, torch.softmax, Tensor.softmax, functional.cross_entropy}
)
"""What it computes in single precision."""
_RAISED_ON_ACCELERATORS = frozenset({functional.layer_norm})
"""Of those, what a CPU computes in the type it is given."""


class ArithmeticMode(TorchFunctionMode):
    """Lets a forward pass on ``meta`` take the memory it takes on a device.

    Parameters
    ----------
    precision : Arithmetic
        Of the forward pass.
    device : str
        Kind of the device.
    """

    def __init__(self, precision: Arithmetic, device: str) -> None:
        super().__init__()
        self._half = HALVES.get(precision)
        self._on_cpu = device == "cpu"

    def around(self, forward: Callable[..., Value]) -> Callable[..., Value]:
        """Return a forward pass that is always computed so, whoever calls it."""

        def computed(*inputs: Value) -> Value:
            with self:
                return forward(*inputs)

        return computed

    def __torch_function__(
        self, function: Value, types: Value, args: Value = (), kwargs: dict[str, Value] | None = None
    ) -> Value:
        """Run a function as the device would."""
        kwargs = kwargs or {}
        if self._half is not None:
            if function in _LOWERED:
                args, kwargs = _cast(args, kwargs, self._half)
            elif function in _RAISED and not (self._on_cpu and function in _RAISED_ON_ACCELERATORS):
                args, kwargs = _cast(args, kwargs, torch.float32)
        if function is functional.scaled_dot_product_attention:
            return _attend(*args, **kwargs, writes_out=self._on_cpu)
        if function is functional.dropout and not self._on_cpu:
            return _drop(*args, **kwargs)
        return function(*args, **kwargs)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    writes_out: bool,
) -> Tensor:
    # A bias that is learnt has a gradient as large as the weights, which few kernels give.
    learnt = attn_mask is not None and attn_mask.requires_grad
    if learnt or (dropout_p > 0.0 and writes_out):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = attn_mask.to(query.dtype)
    attended: Tensor = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query, key, value, 0.0, is_causal, attn_mask=attn_mask
    )[0]
    return attended


def _drop(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if not training or p == 0.0:
        return input
    dropped, _ = torch.native_dropout(input, p, True)
    return dropped


def _cast(args: Value, kwargs: dict[str, Value], wanted: torch.dtype) -> tuple[tuple[Value, ...], dict[str, Value]]:
    def cast(value: Value) -> Value:
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.to(wanted)
        return value

    return tuple(cast(value) for value in args), {name: cast(value) for name, value in kwargs.items()}
