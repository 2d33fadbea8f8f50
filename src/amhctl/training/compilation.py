"""The blocks of a voice compiled by ``torch.compile``, and what a machine needs for it. Knows no loop.

Compiled are the stacks that hold nearly all of a voice's arithmetic, block by block: all blocks of a stack share their
code, so that one is compiled for all, for any batch size and length; what stands around them is small. So are the large
parts that ``blocks_of`` names besides, the convolutions in front of a conformer: torch 2.13.0 cannot compile them where
all sizes may change, because inductor compares the strides of a view that is kept for the backward pass
(``features[:, None]``) as if they were numbers. Dropout is drawn by the operators that draw it otherwise, so that a
compiled step has the losses of one that is not, within rounding. Names of tensors stay what they are. The average, by
which voices are validated and kept, is not compiled.
"""

import torch
from torch import nn

from amhctl.core.errors import TrainingError
from amhctl.devices import compiler
from amhctl.nn.recompute import blocks_of

_KEY = "training.compile"
REFUSAL = compiler.Refusal(
    error=TrainingError,
    subject=_KEY,
    compiled="this voice",
    otherwise=f"--set {_KEY}=false",
    hint=f"train without it: --set {_KEY}=false",
)
# Code is made again for batches of one utterance, for what stages freeze, for texts with a mask and without: few, and
# more than the eight after which torch would continue uncompiled without an error.
_MOST_VERSIONS = 64


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
            hint=f"--set training.sharding=none, or {REFUSAL.otherwise}",
        )
    options = None
    if compiler.BACKEND == "inductor":
        REFUSAL.require_compiler(device)
        options = {"fallback_random": True}
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_VERSIONS)
    for name, block in blocks_of(model):
        # One of a list of blocks has a number.
        if name.rpartition(".")[2].isdecimal():
            block.compile(dynamic=True, backend=compiler.BACKEND, options=options)
