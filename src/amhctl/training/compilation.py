"""The blocks of a voice compiled by ``torch.compile``, and what a machine needs for it. Knows no loop.

Compiled are the stacks that hold nearly all of a voice's arithmetic, block by block: all blocks of a stack share their
code, so that one is compiled for all, for any batch size and length; what stands around them is small. Dropout is drawn
by the operators that draw it otherwise, so that a compiled step has the losses of one that is not, within rounding.
Names of tensors stay what they are. The average, by which voices are validated and kept, is not compiled.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import torch
from torch import nn

from amhctl.core.errors import TrainingError
from amhctl.nn.recompute import blocks_of

BACKEND = "inductor"
"""What compiles: torch's own compiler, which writes C++ for a CPU and Triton for a CUDA device."""
_KEY = "training.compile"
_WITHOUT = f"or --set {_KEY}=false"
# Code is made again for batches of one utterance, for what stages freeze, for texts with a mask and without: few, and
# more than the eight after which torch would continue uncompiled without an error.
_MOST_VERSIONS = 64
_LONGEST_REASON = 300


def compile_blocks(model: nn.Module, device: torch.device, *, sharded: bool = False) -> None:
    """Let the blocks of a voice be compiled, in place, when they first compute.

    Parameters
    ----------
    model : nn.Module
        The voice.
    device : torch.device
        Where it computes.
    sharded : bool
        Whether its blocks are in shards.

    Raises
    ------
    TrainingError
        If they do, or if what compiles is not on this machine, or does not work.
    """
    if sharded:
        raise TrainingError(
            "training.compile does not support sharding: the shards of a block are gathered from several processes",
            subject=_KEY,
            hint=f"--set training.sharding=none, {_WITHOUT}",
        )
    options = None
    if BACKEND == "inductor":
        require_compiler(device)
        options = {"fallback_random": True}
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_VERSIONS)
    for _, block in blocks_of(model):
        block.compile(dynamic=True, backend=BACKEND, options=options)


@contextmanager
def explain_compiling() -> Iterator[None]:
    """Turn what torch says when it cannot compile a voice into an error that says what to do.

    Raises
    ------
    TrainingError
        In its place.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(kind.__name__ == "TorchDynamoException" for kind in type(error).__mro__):
            raise
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(
            f"torch {torch.__version__} cannot compile this voice: {why[:_LONGEST_REASON]}",
            subject=_KEY,
            hint=f"train without it: --set {_KEY}=false",
        ) from error


def require_compiler(device: torch.device) -> None:
    """Refuse a machine on which nothing can be compiled; a sum is, to see that it can.

    Raises
    ------
    TrainingError
        If a compiler is missing, or does not work.
    """
    if missing := find_missing(device):
        raise TrainingError(
            f"compiling for {device.type} needs {missing}, which is not installed",
            subject=_KEY,
            hint=f"install it, {_WITHOUT}",
        )
    try:
        with warnings.catch_warnings():
            # Modules of torch that are loaded now use what others call deprecated; where warnings are errors, their
            # import, or that of setuptools, would fail half-way.
            warnings.simplefilter("ignore")
            # What was compiled here before would tell nothing.
            compiled = torch.compile(_add_one, backend=BACKEND, options={"fx_graph_cache": False})
            compiled(torch.zeros(8, device=device))
    except (RuntimeError, OSError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(
            f"compiling for {device.type} does not work on this machine: {why[:_LONGEST_REASON]}",
            subject=_KEY,
            hint=f"see what `amhctl doctor` reports about torch, {_WITHOUT}",
        ) from error


def find_missing(device: torch.device) -> str:
    """Return in words what is missing to compile for a device; nothing if it is all here."""
    if device.type == "cuda":
        return "" if find_spec("triton") else "the package triton"
    name = os.environ.get("CXX") or {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    return "" if shutil.which(name) else f"a C++ compiler ({name}; CXX selects another one)"


def _add_one(values: torch.Tensor) -> torch.Tensor:
    return values + 1.0
