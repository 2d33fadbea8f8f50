"""Blocks whose parameters are in shards, one with each of several peers, and are whole only while they are computed.

Zero redundancy, stage 3 (Rajbhandari et al. 2020, arXiv 1910.02054; as fully sharded data parallel, Zhao et al. 2023,
arXiv 2304.11277). A shard is one flat stretch of a parameter, padded with zeros where the peers do not divide it. The
parameter stays the same object and has the shard as its data, so that whatever goes through it element by element,
an optimiser or an average, needs to know nothing of this.

What a block computed with whole parameters is not kept for the backward pass: it would hold them. See ``recompute``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional


class Peers(Protocol):
    """Those that have a shard each."""

    index: int
    """Which one this is."""
    count: int
    """How many there are."""

    def gather(self, shards: Sequence[Tensor]) -> list[Tensor]:
        """Return the shards of all peers after one another, for each of ours."""
        ...

    def scatter(self, wholes: Sequence[Tensor]) -> list[Tensor]:
        """Return our shard of the sum over all peers, for each flat tensor."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sharding:
    """How the parameters of a block lie.

    Attributes
    ----------
    peers : Peers
        Who has them.
    shapes : Mapping[str, torch.Size]
        Their whole shapes, by their names in the block.
    """

    peers: Peers
    shapes: Mapping[str, torch.Size]

    def __deepcopy__(self, _memo: dict[int, object]) -> "Sharding":
        """Return itself: a copied block lies as the original does, with the same peers."""
        return self


def shard_block(block: nn.Module, peers: Peers) -> Mapping[str, torch.Size]:
    """Leave of each parameter of a block the shard of this peer; return their whole shapes."""
    shapes = {name: parameter.shape for name, parameter in block.named_parameters()}
    for parameter in block.parameters():
        parameter.data = shard_of(parameter.detach(), peers)
    block.sharding = Sharding(peers, shapes)  # type: ignore[assignment]
    return shapes


def sharding_of(block: nn.Module) -> Sharding | None:
    """Return how the parameters of a block lie; None if they are whole."""
    return cast("Sharding | None", getattr(block, "sharding", None))


def shard_of(whole: Tensor, peers: Peers) -> Tensor:
    """Return this peer's shard of a tensor, in memory of its own."""
    padded = _padded(whole, peers)
    length = len(padded) // peers.count
    return padded[peers.index * length : (peers.index + 1) * length].clone()


def whole_of(shard: Tensor, shape: torch.Size, peers: Peers) -> Tensor:
    """Return the tensor of which each peer has a shard."""
    return peers.gather([shard])[0][: shape.numel()].view(shape)


def compute_whole(block: nn.Module, sharding: Sharding, *inputs: object) -> Tensor:
    """Return what a block makes of its inputs with its whole parameters; each peer gets a shard of their gradients."""
    parameters = dict(block.named_parameters())
    gather = cast("Callable[..., tuple[Tensor, ...]]", _Gather.apply)
    wholes = gather(sharding, *(parameters[name] for name in sharding.shapes))
    return cast(Tensor, functional_call(block, dict(zip(sharding.shapes, wholes, strict=True)), inputs))


class _Gather(torch.autograd.Function):
    """From shards to whole parameters; backward, from their gradients to shards of the sum over all peers."""

    @staticmethod
    def forward(ctx: Any, sharding: Sharding, *shards: Tensor) -> tuple[Tensor, ...]:  # noqa: ANN401
        """Return the whole parameters; those that do not learn have no gradient."""
        gathered = sharding.peers.gather([shard.detach() for shard in shards])
        shapes = sharding.shapes.values()
        wholes = tuple(flat[: shape.numel()].view(shape) for flat, shape in zip(gathered, shapes, strict=True))
        learns = ctx.needs_input_grad[1:]
        ctx.mark_non_differentiable(*(whole for whole, each in zip(wholes, learns, strict=True) if not each))
        ctx.set_materialize_grads(False)
        ctx.peers = sharding.peers
        return wholes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the shards of the gradients."""
        learns = ctx.needs_input_grad[1:]
        given = {
            place: _padded(gradient, ctx.peers)
            for place, (gradient, each) in enumerate(zip(gradients, learns, strict=True))
            if each and gradient is not None
        }
        shards = dict(zip(given, ctx.peers.scatter(list(given.values())), strict=True))
        return None, *(shards.get(place) for place in range(len(gradients)))


def _padded(whole: Tensor, peers: Peers) -> Tensor:
    """Return a tensor as one flat stretch that the peers divide."""
    flat = whole.reshape(-1)
    return functional.pad(flat, (0, -len(flat) % peers.count)) if len(flat) % peers.count else flat.contiguous()
