"""Arithmetic of the forward pass: bf16 where the device computes it natively, else fp16 on a CUDA device, else fp32.

Weights, gradients and optimiser stay fp32 (spec 1.11: bf16 autocast with fp32 master weights is safe); bf16 has the
exponent of fp32, so that no loss scaling is needed. fp16 needs it (see ``loss_scale``).
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from amhctl.devices.precision import computes_in

Precision = Literal["fp32", "bf16", "fp16"]
HALVES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


def computes_bf16(device: torch.device) -> bool:
    """Return whether a device multiplies bf16 natively rather than by emulation, which would be slower than fp32."""
    return computes_in("bf16", device)


def allow_tf32(device: torch.device) -> None:
    """Let products of single precision have their factors rounded to TF32, for the rest of the process."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True


def resolve_precision(wanted: Literal["auto"] | Precision, device: torch.device) -> Precision:
    """Return the arithmetic to use: what is wanted, or the best the device has."""
    if wanted != "auto":
        return wanted
    if computes_bf16(device):
        return "bf16"
    # A CUDA card without bf16, such as a T4, is made for fp16.
    return "fp16" if device.type == "cuda" else "fp32"


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Return the context in which a forward pass computes in ``precision``."""
    if device.type == "meta":
        # It computes nothing; ``ArithmeticMode`` says which types it would compute in.
        return nullcontext()
    # The cache of cast weights is kept: within one forward pass each weight is used once or more, never changed.
    return torch.autocast(device.type, dtype=HALVES.get(precision, torch.bfloat16), enabled=precision in HALVES)
