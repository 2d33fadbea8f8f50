"""What ``torch.compile`` needs on a machine, and whether it works there. Knows no networks."""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import torch

from amhctl.core.errors import AmhctlError

BACKEND = "inductor"
"""What compiles: torch's own compiler, which writes C++ for a CPU and Triton for a CUDA device."""
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """How those who compile something say that it cannot be done.

    Attributes
    ----------
    error : type[AmhctlError]
        What is raised.
    subject : str
        Their option or setting.
    compiled : str
        What they compile, in words.
    otherwise, hint : str
        How to do without, after ``or`` and as a sentence of its own.
    """

    error: type[AmhctlError]
    subject: str
    compiled: str
    otherwise: str
    hint: str

    def require_compiler(self, device: torch.device) -> None:
        """Refuse a machine on which nothing can be compiled; a sum is, to see that it can.

        Raises
        ------
        AmhctlError
            The error, if a compiler is missing, or does not work.
        """
        if missing := find_missing(device):
            raise self.error(
                f"compiling for {device.type} needs {missing}, which is not installed",
                subject=self.subject,
                hint=f"install it, or {self.otherwise}",
            )
        if fault := find_fault(device):
            raise self.error(
                f"compiling for {device.type} does not work on this machine: {fault}",
                subject=self.subject,
                hint=f"see what `amhctl doctor` reports about torch, or {self.otherwise}",
            )

    @contextmanager
    def explain(self) -> Iterator[None]:
        """Turn what torch says when it cannot compile something into an error that says what to do.

        Raises
        ------
        AmhctlError
            The error, in its place.
        """
        try:
            yield
        except RuntimeError as error:
            if not is_of_compiler(error):
                raise
            raise self.error(
                f"torch {torch.__version__} cannot compile {self.compiled}: {first_line(error)}",
                subject=self.subject,
                hint=self.hint,
            ) from error


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
