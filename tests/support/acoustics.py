"""The numbers that IndexTTS-2's acoustic parts must give: tiny weights, and official ones by a formula."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from amhctl.codec.indextts2.weights import Tensors, read_tensors

_PLACE = Path("shared") / "fixtures" / "indextts2_acoustics"
# Beside the repository, or beside the folder that its worktrees are in.
_PLACES = [parent / _PLACE for parent in Path(__file__).resolve().parents[3:]]
FOLDER = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
NetworkT = TypeVar("NetworkT")
_NOT_DRAWN = ("filter", "freqs", "input_pos", "num_batches_tracked")


def _require() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"no fixtures at {FOLDER}: published parity is not checked")


@cache
def numbers() -> dict[str, Tensor]:
    """Return inputs, intermediate values and outputs for the tiny weights."""
    _require()
    return load_file(FOLDER / "io.safetensors")


@cache
def official_numbers() -> dict[str, Tensor]:
    """Return inputs and outputs for official sizes."""
    _require()
    return load_file(FOLDER / "io_official_size.safetensors")


def tiny(part: str, prefix: str = "") -> Tensors:
    """Return the tiny weights of a part, such as ``s2mel``."""
    _require()
    tensors = read_tensors(FOLDER / f"weights_{part}.safetensors")
    return tensors.part(prefix) if prefix else tensors


@cache
def official(part: str) -> dict[str, Tensor]:
    """Return weights of official size by the fixture's formula."""
    _require()
    shapes = json.loads((FOLDER / "config.json").read_text())["official_parameters"][part]
    names = sorted(name for name in shapes if name.rpartition(".")[2] not in _NOT_DRAWN)
    scale = 0.55 if part.startswith("bigvgan") else 1.0
    return {name: formula_value(index, name, tuple(shapes[name]), scale) for index, name in enumerate(names)}


def official_tensors(part: str, prefix: str = "") -> Tensors:
    """Return the same as one part's file would have them."""
    tensors = Tensors(official(part), subject=part)
    return tensors.part(prefix) if prefix else tensors


def drawn(index: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return values between -1 and 1, from a hash of their places."""
    with np.errstate(over="ignore"):
        mixed = (np.uint64(index << 40) + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def formula_value(index: int, name: str, shape: tuple[int, ...], scale: float) -> Tensor:
    """Return the value of a tensor by its rank among the sorted names, its name and its shape."""
    count = int(np.prod(shape))
    u, last = drawn(index, count), name.rpartition(".")[2]
    rules: tuple[tuple[bool, Callable[[], np.ndarray]], ...] = (
        (last == "running_var", lambda: 1 + 0.5 * u),
        (last == "running_mean", lambda: 0.3 * u),
        (last == "weight_g", lambda: scale * (1 + 0.3 * u)),
        (last in ("alpha", "beta"), lambda: 0.3 * u),
        (name.endswith("project_layer.bias"), lambda: 0.5 + 0.5 * u),
        (last == "gamma", lambda: 0.3 + 0.1 * u),
        (last == "mask_token", lambda: u),
        (len(shape) == 2 and "embed" in name and "mlp" not in name, lambda: u),
        (last == "weight" and "codebook" in name, lambda: u),
        (len(shape) == 1 and last == "weight", lambda: 1 + 0.2 * u),
        (len(shape) == 1, lambda: 0.1 * u),
        (True, lambda: 2 * u / np.sqrt(count / shape[0])),
    )
    value = next(make() for holds, make in rules if holds)
    return torch.from_numpy(value.reshape(shape).astype(np.float32))


def outputs_of(parts: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Return a mapping that the last outputs of some parts will be in, by their names."""
    outputs: dict[str, Tensor] = {}
    for name, part in parts.items():
        part.register_forward_hook(lambda *call, name=name: outputs.update({name: call[2]}))
    return outputs


def far(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest absolute difference of two tensors of one shape."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours - theirs).abs().max())
