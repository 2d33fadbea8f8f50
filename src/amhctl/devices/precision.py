"""In which arithmetic a device computes natively, rather than by emulation. Knows no networks and refuses nothing.

Emulated, half precision is slower than fp32 and no better: whoever computes asks here first.
"""

import torch

from amhctl.core.units import Precision

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
