"""What ``torch.compile`` needs on a machine, and whether it works there. Knows no networks and refuses nothing."""

import os
import shutil
import sys
import warnings
from importlib.util import find_spec

import torch

BACKEND = "inductor"
"""What compiles: torch's own compiler, which writes C++ for a CPU and Triton for a CUDA device."""
_LONGEST_REASON = 300


def find_missing(device: torch.device) -> str:
    """Return in words what is missing to compile for a device; nothing if it is all here."""
    if device.type == "cuda":
        return "" if find_spec("triton") else "the package triton"
    name = os.environ.get("CXX") or {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    return "" if shutil.which(name) else f"a C++ compiler ({name}; CXX selects another one)"


def find_fault(device: torch.device) -> str:
    """Return in words why nothing can be compiled for a device; nothing if a sum can, which is tried."""
    try:
        with warnings.catch_warnings():
            # Modules of torch that are loaded now use what others call deprecated; where warnings are errors, their
            # import, or that of setuptools, would fail half-way.
            warnings.simplefilter("ignore")
            # What was compiled here before would tell nothing.
            compiled = torch.compile(_add_one, backend=BACKEND, options={"fx_graph_cache": False})
            compiled(torch.zeros(8, device=device))
    except (RuntimeError, OSError, ImportError) as error:
        return first_line(error)
    return ""


def is_of_compiler(error: RuntimeError) -> bool:
    """Return whether an error is the compiler's, rather than one of what it compiled."""
    return any(kind.__name__ == "TorchDynamoException" for kind in type(error).__mro__)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, for a message of one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST_REASON]


def _add_one(values: torch.Tensor) -> torch.Tensor:
    return values + 1.0
