"""In which arithmetic a device computes natively, rather than by emulation. Knows no networks.

Emulated, half precision is slower than fp32 and no better: whoever computes asks here first.
"""

import torch

from amhctl.core.errors import OptionError
from amhctl.core.units import Precision, PrecisionChoice

LARGE_PARAMETERS = 50_000_000
"""From so many on, what a network multiplies no longer fits into the caches of a processor."""
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")
"""Capabilities by which torch names native bf16 products: x86 twice, Arm once."""


def computes_in(precision: Precision, device: torch.device) -> bool:
    """Return whether a device multiplies natively in a precision; unknown devices do so in fp32 alone."""
    if precision == "fp16":
        return device.type in {"cuda", "mps"}
    if precision == "bf16" and device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if precision == "bf16" and device.type == "cpu":
        # Absent from older torch; fp32 is then the answer that is never wrong.
        capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        return any(bool(capabilities.get(name)) for name in _CPU_BF16)
    return precision == "fp32"


def choose_precision(wanted: PrecisionChoice, device: torch.device, *, parameters: int) -> Precision:
    """Return in which precision a network that only infers computes on a device.

    Parameters
    ----------
    wanted : PrecisionChoice
        ``auto`` is fp32 for small networks, which half precision makes no faster. Others get bf16 on a processor or a
        CUDA device that multiplies in it, fp16 on older CUDA devices, and fp32 everywhere else.
    device : torch.device
        Where it computes.
    parameters : int
        How many the network has.

    Raises
    ------
    OptionError
        If the device does not compute in it natively.
    """
    if wanted == "auto":
        native: tuple[Precision, ...] = (
            ("bf16", "fp16") if device.type in {"cpu", "cuda"} and parameters >= LARGE_PARAMETERS else ()
        )
        return next((each for each in native if computes_in(each, device)), "fp32")
    if not computes_in(wanted, device):
        raise OptionError(
            f"the device {device} does not compute in {wanted}",
            subject="--precision",
            hint="omit it: fp32 is computed everywhere",
        )
    return wanted
