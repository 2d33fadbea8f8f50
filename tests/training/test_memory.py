"""Twin of ``training/memory.py``: what is foreseen is what is then taken, tensor by tensor."""

import pytest
import torch
from torch import nn

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.load import load_run_config
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.recompute import blocks_of, set_recompute
from amhctl.training.ema import AveragedModel
from amhctl.training.flow_recipe import FlowRecipe
from amhctl.training.memory import AbsentPeers, copy_shapes, estimate_memory
from amhctl.training.optimizers import build_optimizer
from amhctl.training.precision import Precision
from amhctl.training.shards import shard
from amhctl.training.tally import Tally
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.training.voice_recipe import BatchSize, Lengths, VoiceRecipe

TOLERANCE = 0.05
"""Of the peak: loose ends such as generators' states and scalars."""
_SMALL = (
    "model.model_dim=64",
    "model.layers=3",
    "model.max_text_tokens=90",
    "model.condition_module.output_size=32",
    "model.condition_module.linear_units=32",
)
_TEXT_BEFORE = ("model.alignment=none", "model.text_dropout=0", "training.text_weight=0.2")
_FLOW = ("model.model_dim=40", "model.layers=4", "model.text_dim=32", "model.condition_dim=32")


def build(preset: str, *sets: str) -> tuple[nn.Module, VoiceRecipe, TrainingConfig]:
    config = load_run_config(preset=preset, project=None, sets=sets, environment={}).config
    if isinstance(config.model, FlowVoiceConfig):
        return FlowVoice(config.model), FlowRecipe(config.model), config.training
    return UnifiedVoice(config.model), UnifiedRecipe(config.model), config.training


def take_step(
    model: nn.Module, recipe: VoiceRecipe, config: TrainingConfig, precision: Precision, size: BatchSize
) -> int:
    """Return the peak of what the tensors of a real step take on this CPU."""
    lengths = Lengths((size.frames,) * size.items, (size.text,) * size.items)
    counts = recipe.count(lengths, (tuple(range(size.items)),))
    model.train()
    set_recompute(model, config.checkpointing)
    optimizer, buffer = build_optimizer(model, config), torch.empty(0)
    if config.sharding == "full":
        shards = shard(model, AbsentPeers(2), keeps=False)
        buffer = torch.empty(sum(each.numel() for each in model.parameters() if each not in shards.parameters))
    average = AveragedModel(model, 0.9)
    objective = recipe.objective(model, config, precision)
    for step in (1, 2):
        # The moments are there from the second step on.
        held = [buffer, *model.parameters(), *model.buffers(), *average.model.parameters(), *average.model.buffers()]
        held += [value for state in optimizer.state.values() for value in state.values()]
        with Tally("cpu") as tally:
            for tensor in held:
                tally.add(tensor)
            for place in range(min(2, config.accumulation)):
                batch = recipe.blank(size)
                inputs = recipe.inputs(batch, counts, config, seed=0, step=step, place=place)
                loss, _ = objective(batch, *inputs)
                loss.backward()
                del loss, batch, inputs
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            average.update(step)
            optimizer.zero_grad()
    return tally.peak


@pytest.mark.parametrize(
    ("preset", "sets", "size", "precision"),
    [
        ("cpu", _SMALL, BatchSize(4, 100, 40, 40), "fp32"),
        ("cpu", (*_SMALL, "model.dropout=0"), BatchSize(2, 200, 40, 40), "fp32"),
        ("cpu", (*_SMALL, *_TEXT_BEFORE, "training.accumulation=3"), BatchSize(3, 80, 60, 40), "fp32"),
        ("cpu", (*_SMALL, "model.dropout=0"), BatchSize(3, 80, 40, 40), "bf16"),
        ("cpu", (*_SMALL, "training.checkpointing=true"), BatchSize(4, 100, 40, 40), "fp32"),
        ("cpu", (*_SMALL, "training.sharding=full"), BatchSize(4, 100, 40, 40), "fp32"),
        ("flow-cpu", _FLOW, BatchSize(5, 300, 40, 0), "fp32"),
        ("flow-cpu", (*_FLOW, "training.checkpointing=true"), BatchSize(5, 300, 40, 0), "fp32"),
    ],
)
def test_a_step_takes_what_was_foreseen(
    preset: str, sets: tuple[str, ...], size: BatchSize, precision: Precision
) -> None:
    model, recipe, config = build(preset, *sets)
    need = estimate_memory(
        model,
        recipe,
        config,
        precision=precision,
        size=size,
        device="cpu",
        processes=2 if config.sharding == "full" else 1,
    )
    taken = take_step(model, recipe, config, precision, size)
    weights = sum(parameter.numel() for parameter in model.parameters()) * 4
    assert need.activations > 0.2 * weights
    tolerance = TOLERANCE if precision == "fp32" else 0.1
    assert need.tensors == pytest.approx(taken, rel=tolerance)


def test_what_is_held_is_counted_to_the_byte() -> None:
    model, recipe, config = build("cpu", *_SMALL)
    for parameter in model.gpt.parameters():  # type: ignore[union-attr]
        parameter.requires_grad_(False)
    need = estimate_memory(model, recipe, config, precision="fp32", size=BatchSize(2, 20, 9, 20), device="cuda")
    every = sum(parameter.numel() for parameter in model.parameters()) * 4
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) * 4
    buffers = sum(buffer.numel() for buffer in model.buffers()) * 4
    assert (need.weights, need.gradients, need.optimizer) == (every + buffers, learning, 2 * learning)
    assert need.average == learning + buffers
    assert need.tensors == every + learning * 4 + 2 * buffers + need.activations
    assert need.total > need.tensors
    several = estimate_memory(
        model, recipe, config, precision="fp32", size=BatchSize(2, 20, 9, 20), device="cuda", processes=2
    )
    assert several.tensors == need.tensors + learning


def test_a_process_of_several_holds_its_shard_of_all_that_there_is() -> None:
    model, recipe, config = build("cpu", *_SMALL)
    size = BatchSize(2, 20, 9, 20)
    inside = [each for _, block in blocks_of(model) for each in block.parameters()]
    shards = sum(-(-each.numel() // 4) for each in inside)
    learning = sum(each.numel() for each in model.parameters())
    rest = learning - sum(each.numel() for each in inside)
    sharded = config.model_copy(update={"sharding": "full"})
    whole, need = (
        estimate_memory(model, recipe, each, precision="fp32", size=size, device="cpu", processes=4)
        for each in (config, sharded)
    )
    assert need.weights - whole.weights == 4 * (shards + rest - learning)
    assert need.gradients == 4 * (shards + 2 * rest)
    assert need.optimizer == 8 * (shards + rest)
    assert need.average - whole.average == 4 * (shards + rest - learning)
    # What is written is whole.
    assert need.copies == whole.copies
    alone = estimate_memory(model, recipe, sharded, precision="fp32", size=size, device="cpu")
    assert alone == estimate_memory(model, recipe, config, precision="fp32", size=size, device="cpu")


def test_an_accelerator_needs_less_for_dropout_and_half_precision_less_for_all() -> None:
    model, recipe, config = build("cpu", *_SMALL)
    size = BatchSize(4, 200, 40, 60)
    on_cpu, on_cuda, halved = (
        estimate_memory(model, recipe, config, precision=precision, size=size, device=device).activations  # type: ignore[arg-type]
        for precision, device in (("fp32", "cpu"), ("fp32", "cuda"), ("bf16", "cuda"))
    )
    assert halved < on_cuda < on_cpu


def test_a_copy_of_shapes_holds_nothing_and_leaves_the_model() -> None:
    model = UnifiedVoice(build("tiny")[1].shape)  # type: ignore[attr-defined]
    model.final_norm.requires_grad_(False)
    copied = copy_shapes(model)
    assert {parameter.device.type for parameter in copied.parameters()} == {"meta"}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    assert [each.requires_grad for each in copied.parameters()] == [each.requires_grad for each in model.parameters()]


def test_the_official_shape_is_counted_without_its_memory() -> None:
    config = load_run_config(preset="a100", project=None, sets=(), environment={}).config
    shape = ModelConfig(layers=2)
    with torch.device("meta"):
        model = UnifiedVoice(shape)
    size = BatchSize(8, 500, 120, 150)
    need = estimate_memory(model, UnifiedRecipe(shape), config.training, precision="bf16", size=size, device="cuda")
    assert need.weights == sum(parameter.numel() for parameter in model.parameters()) * 4
    assert need.optimizer == 2 * need.gradients == 2 * need.weights
