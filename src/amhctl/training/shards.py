"""A voice in shards: what of it lies with one process of several, and how it is put together for the disk.

On disk there are whole tensors only, under the names they always have, whoever wrote them; so a run can continue with
another number of processes, and in shards or not. What is in shards are the blocks of the large stacks; the rest is
whole with every process.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from amhctl.nn.recompute import blocks_of
from amhctl.nn.sharding import Peers, shard_block, shard_of, whole_of


class Adding(Protocol):
    """What adds up over all processes."""

    def add(self, values: Tensor) -> Tensor:
        """Return the sum of a tensor."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """Which tensors of a network are in shards; none, by default.

    Attributes
    ----------
    peers : Peers | None
        The processes.
    shapes : Mapping[str, torch.Size]
        Whole shapes, by the names that the network has for its parameters.
    parameters : frozenset[nn.Parameter]
        Those parameters.
    keeps : bool
        Whether this process keeps what is put together; another takes part in it, and has an empty tensor.
    """

    peers: Peers | None = None
    shapes: Mapping[str, torch.Size] = field(default_factory=dict)
    parameters: frozenset[nn.Parameter] = frozenset()
    keeps: bool = True

    def keeping(self) -> "Shards":
        """Return the same, of a process that keeps what is put together."""
        return replace(self, keeps=True)

    def shape(self, name: str, tensor: Tensor) -> torch.Size:
        """Return the whole shape of a tensor, or of a moment of it."""
        return self.shapes.get(name, tensor.shape)

    def whole(self, name: str, tensor: Tensor) -> Tensor:
        """Return the whole tensor, in the processor's memory if it was in shards; all processes have to ask for it."""
        if self.peers is None or name not in self.shapes:
            return tensor
        whole = whole_of(tensor.detach(), self.shapes[name], self.peers)
        return whole.cpu() if self.keeps else torch.empty(0)

    def own(self, name: str, whole: Tensor) -> Tensor:
        """Return what this process holds of a whole tensor; all of it, if it is of another shape than it is to be."""
        if self.peers is None or self.shapes.get(name) != whole.shape:
            return whole
        return shard_of(whole, self.peers)


WHOLE = Shards()
"""Of a network whose tensors are all whole."""


def shard(model: nn.Module, peers: Peers, *, keeps: bool) -> Shards:
    """Leave of the blocks of a network's large stacks what this process is to hold.

    Parameters
    ----------
    model : nn.Module
        The network, whole; its parameters stay the same objects.
    peers : Peers
        The processes.
    keeps : bool
        Whether this is the process that writes.
    """
    shapes: dict[str, torch.Size] = {}
    parameters: list[nn.Parameter] = []
    for prefix, block in blocks_of(model):
        shapes |= {f"{prefix}.{name}": shape for name, shape in shard_block(block, peers).items()}
        parameters += block.parameters()
    return Shards(peers, shapes, frozenset(parameters), keeps)


@torch.no_grad()
def clip_gradients(parameters: Sequence[nn.Parameter], most: float, shards: Shards, processes: Adding) -> Tensor:
    """Scale gradients so that their norm, over all processes' shards, is at most so much; return what it was."""
    if not shards.parameters:
        return nn.utils.clip_grad_norm_(parameters, most)
    cut = [parameter for parameter in parameters if parameter in shards.parameters]
    rest = [parameter for parameter in parameters if parameter not in shards.parameters]
    norm = (processes.add(_square(cut)) + _square(rest)).sqrt().float()
    nn.utils.clip_grads_with_norm_(parameters, most, norm)
    return norm


def _square(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Return the square of the gradients' norm; in double precision, where it cannot overflow."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return nn.utils.get_total_norm(gradients).double().square()
