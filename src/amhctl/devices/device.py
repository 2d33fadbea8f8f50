"""Where torch computes."""

import torch

from amhctl.core.errors import SynthesisError


def choose_device(wanted: str) -> str:
    """Return the device to compute on: ``auto`` is the accelerator if there is one.

    Raises
    ------
    SynthesisError
        If the device does not exist here.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=wanted)
    except (RuntimeError, AssertionError, NotImplementedError) as fault:
        raise SynthesisError("the device is not available", subject=wanted, hint="use --device cpu, or auto") from fault
    return wanted
