"""How much memory a training step takes, known before it is taken: a dry run on tensors without data.

The model, its average, its optimiser and the heaviest micro-batch are made on torch's device ``meta``, where tensors
have shapes and types and no values, and go through a step's forward and backward pass. What would be
allocated and freed on the way is counted storage by storage, so whatever the model is made of, and however it is
trained, is in the count: no formula has to follow the network.

Not in the count: what the interpreter, its libraries and the device's driver take, and what an allocator keeps in
pieces that fit nothing (``Need.total`` allows for them).
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from amhctl.config.schema import TrainingConfig
from amhctl.nn.recompute import blocks_of, set_recompute
from amhctl.training.arithmetic_mode import ArithmeticMode
from amhctl.training.ema import AveragedModel
from amhctl.training.export import Arithmetic
from amhctl.training.processes import BUCKET
from amhctl.training.shards import WHOLE, Shards, shard
from amhctl.training.tally import Tally
from amhctl.training.voice_recipe import BatchSize, Lengths, VoiceRecipe

CONTEXT = {"cuda": 600 * 2**20, "cpu": 400 * 2**20}
"""What a process has besides tensors: on a CUDA device the driver's context and cuBLAS' workspace (0.3 to 0.6 GiB by
card and version), on a CPU the interpreter and torch's libraries (measured: 0.3 to 0.4 GiB)."""
ModuleT = TypeVar("ModuleT", bound=nn.Module)
_FRAGMENTS = 1.05
"""What an allocator keeps, as a share of what is asked of it: larger tensors are rounded up to 2 MiB."""


@dataclass(frozen=True, slots=True)
class Need:
    """Memory of a run, in bytes.

    Attributes
    ----------
    weights, gradients, optimizer, average : int
        What is held from step to step, and the gradients between backward pass and update.
    activations : int
        What the heaviest micro-batch adds at the step's peak.
    copies : int
        What is being written while the steps continue, where that is in the same memory.
    size : BatchSize
        That micro-batch.
    device : str
        Kind of the device.
    """

    weights: int
    gradients: int
    optimizer: int
    average: int
    activations: int
    size: BatchSize
    device: str
    copies: int = 0

    @property
    def tensors(self) -> int:
        """The peak of what is allocated."""
        return self.weights + self.gradients + self.optimizer + self.average + self.activations

    @property
    def total(self) -> int:
        """The peak of what the device must have."""
        return int((self.tensors + self.copies) * _FRAGMENTS) + CONTEXT.get(self.device, CONTEXT["cpu"])

    def describe(self) -> str:
        """Return the need in words."""
        parts = {
            "weights": self.weights,
            "gradients": self.gradients,
            "optimiser": self.optimizer,
            "average": self.average,
            "activations": self.activations,
            "copies to write": self.copies,
        }
        shares = ", ".join(f"{name} {_gib(value)}" for name, value in parts.items() if value)
        return f"{_gib(self.total)} ({shares}, the rest for the process)"


def estimate_memory(
    model: nn.Module,
    recipe: VoiceRecipe,
    config: TrainingConfig,
    *,
    precision: Arithmetic,
    size: BatchSize,
    device: str,
    processes: int = 1,
) -> Need:
    """Return what a step on a micro-batch of a size would take.

    Parameters
    ----------
    model : nn.Module
        The voice, on any device; it is left as it is. One made under ``torch.device("meta")`` takes no memory.
    recipe, config : VoiceRecipe, TrainingConfig
        How it is trained.
    precision : Arithmetic
        Of the forward pass.
    size : BatchSize
        The heaviest micro-batch.
    device : str
        Kind of the device it is to run on.
    processes : int
        How many share the work; several need room to exchange their gradients, and may have a shard of it each.
    """
    model = copy_shapes(model).train()
    set_recompute(model, config.checkpointing)
    for _, block in blocks_of(model):
        # Computed again, inside of the backward pass, where the mode around it does not reach.
        block.forward = ArithmeticMode(precision, device).around(block.forward)
    shards, elsewhere = _shard(model, processes) if config.sharding == "full" and processes > 1 else (WHOLE, 0)
    average = AveragedModel(model, config.ema_decay)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    objective = recipe.objective(model, config, precision)
    lengths = Lengths((size.frames,) * size.items, (size.text,) * size.items)
    counts = recipe.count(lengths, (tuple(range(size.items)),))
    blank = recipe.blank(size)
    with Tally("meta") as tally:
        # The two moments of AdamW; its fused update, the clipping and the average's are done in place.
        moments = [torch.empty_like(parameter) for parameter in trained for _ in range(2)]
        for tensor in _tensors_of(objective, average.model):
            tally.add(tensor)
        # Of several micro-batches, all but the first have the gradients of those before beside them.
        for place in range(min(2, config.accumulation)):
            with ArithmeticMode(precision, device):
                batch = blank.to("meta")
                inputs = recipe.inputs(batch, counts, config, seed=0, step=1, place=place)
                loss, _ = objective(batch, *inputs)
                loss.backward()
            del loss, batch, inputs
    # With those of a teacher, if there is one.
    weights = _bytes(_tensors_of(objective))
    # What does not learn is not copied.
    averages = _bytes(_tensors_of(objective, average.model)) - weights
    gradients = _bytes(parameter.grad for parameter in trained if parameter.grad is not None)
    activations = max(0, tally.peak - weights - averages - gradients - _bytes(moments))
    added_up = _bytes(each.grad for each in trained if each.grad is not None and each not in shards.parameters)
    exchanged = min(added_up, 4 * BUCKET) if processes > 1 else 0
    # The state, and the best voice of the same step; whole, whatever of it the other processes have.
    written = _bytes(_tensors_of(model)) + _bytes(moments) + 2 * averages + elsewhere
    copies = written if config.background_saves and device == "cpu" else 0
    return Need(weights, gradients + exchanged, _bytes(moments), averages, activations, size, device, copies)


class AbsentPeers:
    """Peers whose shards have no values: what they make together only takes memory.

    Parameters
    ----------
    count : int
        How many there would be.
    """

    def __init__(self, count: int) -> None:
        self.index, self.count = 0, count

    def gather(self, shards: Sequence[Tensor]) -> list[Tensor]:
        """Return tensors as large as the shards of all."""
        return [each.new_empty(self.count * len(each)) for each in shards]

    def scatter(self, wholes: Sequence[Tensor]) -> list[Tensor]:
        """Return tensors as large as ours."""
        return [whole.new_empty(len(whole) // self.count) for whole in wholes]


def _shard(model: nn.Module, processes: int) -> tuple[Shards, int]:
    """Leave of a voice what one process holds; return that, and the bytes that others have of what is written."""

    def held() -> tuple[int, int]:
        return _bytes(model.parameters()), _bytes(each for each in model.parameters() if each.requires_grad)

    every, learning = held()
    shards = shard(model, AbsentPeers(processes), keeps=False)
    every_left, learning_left = held()
    # Of what learns: two moments, the average in the state, and that of the best voice.
    return shards, every - every_left + 4 * (learning - learning_left)


def copy_shapes(model: ModuleT) -> ModuleT:
    """Return a copy of a model on the device ``meta``: its shapes and types, and what of it is trained."""
    memo: dict[int, object] = {}
    for parameter in model.parameters():
        blank = torch.empty_like(parameter, device="meta")
        memo[id(parameter)] = nn.Parameter(blank, requires_grad=parameter.requires_grad)
    for buffer in model.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(model, memo)


def _tensors_of(*models: nn.Module) -> list[Tensor]:
    return [tensor for model in models for tensor in (*model.parameters(), *model.buffers())]


def _bytes(tensors: Iterable[Tensor]) -> int:
    """Return the bytes of tensors, each storage once."""
    return sum({tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes() for tensor in tensors}.values())


def _gib(value: int) -> str:
    return f"{value / 2**30:.2f} GiB" if value >= 2**30 / 10 else f"{value / 2**20:.1f} MiB"
