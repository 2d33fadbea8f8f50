"""What can be said of tensors without knowing the network: shape, type, and whether their values can be any.

A survey is a file's tensors by name. It is made when a checkpoint is written, before the folder takes its name, when
one is loaded, and when one is validated: the rules are the same.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from amhctl.checkpoint.rules import RULES
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding

_FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})
_DIVERGED = "the run diverged: go back to an earlier checkpoint and lower training.learning_rate"


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """What is known of one tensor.

    Attributes
    ----------
    shape : tuple[int, ...]
        Its shape.
    type : str
        Its type of number, such as ``float16``.
    is_float : bool
        Whether that is one in which weights are kept.
    lowest, highest : float
        The smallest and the largest value of such a tensor, both NaN if one is; 0 of any other.
    """

    shape: tuple[int, ...]
    type: str
    is_float: bool
    lowest: float
    highest: float

    @property
    def is_finite(self) -> bool:
        """Whether every value is a finite number."""
        return math.isfinite(self.lowest) and math.isfinite(self.highest)

    @property
    def is_zero(self) -> bool:
        """Whether it is made of floating-point numbers that are all zero."""
        return self.is_float and self.lowest == self.highest == 0.0

    @property
    def is_matrix(self) -> bool:
        """Whether it has two dimensions or more."""
        return len(self.shape) >= 2

    @classmethod
    def of(cls, tensor: Tensor) -> "TensorFacts":
        """Look at a tensor."""
        is_float = tensor.dtype in _FLOATS
        # One pass that is twenty times as fast as asking each value whether it is finite.
        extremes = tensor.aminmax() if is_float and tensor.numel() else (0.0, 0.0)
        return cls(
            shape=tuple(tensor.shape),
            type=str(tensor.dtype).removeprefix("torch."),
            is_float=is_float,
            lowest=float(extremes[0]),
            highest=float(extremes[1]),
        )


Survey = Mapping[str, TensorFacts]


def survey(tensors: Mapping[str, Tensor]) -> dict[str, TensorFacts]:
    """Return the facts of tensors, in the order of their names."""
    return {name: TensorFacts.of(tensors[name]) for name in sorted(tensors)}


def survey_file(path: Path) -> dict[str, TensorFacts]:
    """Return the facts of a safetensors file's tensors, of which one at a time is in memory.

    Raises
    ------
    CheckpointError
        If it is not such a file.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            return {name: TensorFacts.of(stream.get_tensor(name)) for name in sorted(stream.keys())}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(path)) from error


def survey_folder(folder: Path, files: Mapping[str, str]) -> dict[str, dict[str, TensorFacts]]:
    """Return the facts of every safetensors file among those that a manifest names.

    Raises
    ------
    CheckpointError
        If one cannot be read.
    """
    return {name: survey_file(folder / name) for name in sorted(files) if name.endswith(".safetensors")}


def check_values(facts: Survey, *, file: str = "") -> tuple[Finding, ...]:
    """Report tensors with values that are not finite, and a file in which everything is zero.

    Parameters
    ----------
    facts : Survey
        The file's tensors.
    file : str
        What comes before their names; empty for the weights themselves.
    """
    broken = [name for name, each in facts.items() if not each.is_finite]
    if broken:
        return tuple(
            RULES.finding("C010", _place(file, name), "has NaN or infinite values", _DIVERGED) for name in broken
        )
    # Counts of steps are single numbers and say nothing of what was learnt.
    several = [each for each in facts.values() if each.is_float and each.shape]
    if several and all(each.is_zero for each in several):
        return (
            RULES.finding("C024", file or "weights", "every tensor is zero", "copy the file from its source again"),
        )
    return ()


def check_weights(facts: Survey, *, file: str = "", zero: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Report tensors that are no weights of a network: of another type, or a matrix of zeros.

    Parameters
    ----------
    facts : Survey
        The tensors of a network.
    file : str
        What comes before their names; empty for the weights themselves.
    zero : tuple[str, ...]
        Matrices that may be zero.
    """
    hint = "copy the file from its source again"
    found = [
        RULES.finding("C020", _place(file, name), f"type {each.type}, not floating-point", hint)
        for name, each in facts.items()
        if not each.is_float
    ]
    matrices = {name: each for name, each in facts.items() if each.is_matrix}
    # A file of zeros is one finding: that of ``check_values``.
    if not all(each.is_zero for each in matrices.values()):
        dead = [name for name, each in matrices.items() if each.is_zero and name not in zero]
        found += [RULES.finding("C024", _place(file, name), "the matrix is zero", hint) for name in dead]
    return tuple(found)


def _place(file: str, name: str) -> str:
    return f"{file}: {name}" if file else name
