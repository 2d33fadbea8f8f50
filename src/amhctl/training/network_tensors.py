"""The tensors of a network in training under the names they have on disk, and back.

A checkpoint has the names of the voice (``model/shapes.py``), whichever way it is trained. What differs in memory: rows
that learn are apart from those that cannot (``nn/split_rows.py``), and an adapted layer stands inside one of ``peft``.
The low-rank terms are stored apart: ``gpt.h.0.attn.c_attn.lora_A.weight`` beside ``gpt.h.0.attn.c_attn.weight``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from amhctl.checkpoint.manifest import AdapterIdentity
from amhctl.core.errors import CheckpointError
from amhctl.nn.split_rows import SplitRows
from amhctl.training.adapters import NAME, merge_layers
from amhctl.training.parts import is_low_rank
from amhctl.training.shards import WHOLE, Shards

_BASE_LAYER = ".base_layer."
# The initial rank of AdaLoRA, which the configuration says already.
_CONSTANT = ".ranknum"


@dataclass(frozen=True, slots=True)
class NetworkTensors:
    """What a network consists of: its weights, those of adapted layers without their terms, and the low-rank terms."""

    weights: dict[str, Tensor]
    terms: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class StoredParameter:
    """A parameter, its name on disk, and the tensor it is a part of there, where that is larger."""

    name: str
    parameter: nn.Parameter
    rows: SplitRows | None
    key: str
    """Its name in memory."""


def stored_name(name: str) -> str:
    """Return the name on disk of a parameter or a tensor of the state dictionary."""
    return name.replace(_BASE_LAYER, ".").replace(f".{NAME}", "")


def stored_parameters(model: nn.Module) -> Iterator[StoredParameter]:
    """Yield the parameters of a network, in its order."""
    split = {f"{name}.rows": module for name, module in model.named_modules() if isinstance(module, SplitRows)}
    for name, parameter in model.named_parameters():
        rows = split.get(name)
        yield StoredParameter(stored_name(name.removesuffix(".rows") if rows else name), parameter, rows, name)


def read_network(model: nn.Module, shards: Shards = WHOLE) -> NetworkTensors:
    """Return the tensors of a network; they are its own, not copies, unless they had to be put together."""
    weights: dict[str, Tensor] = {}
    terms: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        if _CONSTANT not in name:
            (terms if is_low_rank(name) else weights)[stored_name(name)] = shards.whole(name, tensor)
    return NetworkTensors(weights, terms)


def write_network(
    model: nn.Module,
    weights: Mapping[str, Tensor],
    terms: Mapping[str, Tensor],
    *,
    subject: str,
    shards: Shards = WHOLE,
) -> None:
    """Put tensors into a network, each by name and shape.

    Raises
    ------
    CheckpointError
        If one is missing, left over or of another shape.
    """
    present = model.state_dict()
    names = {name: stored_name(name) for name in present if _CONSTANT not in name}
    given = {**weights, **terms}
    if set(names.values()) != set(given):
        unlike = sorted(set(names.values()) ^ set(given))
        raise CheckpointError(
            f"the weights do not fit the model: {len(unlike)} tensors exist in only one of the two: "
            f"{', '.join(unlike[:3])}",
            subject=subject,
        )
    constants = {name: tensor for name, tensor in present.items() if _CONSTANT in name}
    try:
        own = {name: shards.own(name, given[stored]) for name, stored in names.items()}
        model.load_state_dict(own | constants, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"the weights do not fit the model: {error}", subject=subject) from error


def kept_tensors(
    model: nn.Module, adapter: AdapterIdentity | None, *, whole_voice: bool, shards: Shards = WHOLE
) -> dict[str, Tensor]:
    """Return what a run keeps of a network: those of a whole voice, or what makes one with its base."""
    if whole_voice or adapter is None:
        return merged_weights(model, shards)
    tensors = read_network(model, shards)
    return {name: tensors.weights[name] for name in adapter.whole} | tensors.terms


@torch.no_grad()
def merged_weights(model: nn.Module, shards: Shards = WHOLE) -> dict[str, Tensor]:
    """Return the weights that a whole voice has: those of adapted layers with their low-rank terms added."""
    tensors = read_network(model, shards)
    if not tensors.terms:
        return tensors.weights
    merged = merge_layers(model, shards)
    return tensors.weights | {f"{stored_name(name)}.weight": weight for name, weight in merged.items()}
