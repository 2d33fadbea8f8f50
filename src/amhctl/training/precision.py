"""Arithmetic of the forward pass: bf16 where the device computes it natively, fp32 elsewhere.

Weights, gradients and optimiser stay fp32 (spec 1.11: bf16 autocast with fp32 master weights is safe); bf16 has the
exponent of fp32, so that no loss scaling is needed.
"""

from contextlib import AbstractContextManager
from typing import Literal

import torch

from amhctl.nn.precision import computes_in


def computes_bf16(device: torch.device) -> bool:
    """Return whether a device multiplies bf16 natively rather than by emulation, which would be slower than fp32."""
    return computes_in("bf16", device)


def resolve_precision(wanted: Literal["auto", "fp32", "bf16"], device: torch.device) -> Literal["fp32", "bf16"]:
    """Return the arithmetic to use: what is wanted, or the best the device has."""
    if wanted == "auto":
        return "bf16" if computes_bf16(device) else "fp32"
    return wanted


def autocast(precision: Literal["fp32", "bf16"], device: torch.device) -> AbstractContextManager[None]:
    """Return the context in which a forward pass computes in ``precision``."""
    # The cache of cast weights is kept: within one forward pass each weight is used once or more, never changed.
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
