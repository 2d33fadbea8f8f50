"""Twin of ``training/optimizers.py``."""

import math
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from amhctl.config.finetuning import ParameterGroup
from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.nn.split_rows import SplitEmbedding
from amhctl.training.optimizers import (
    SCALE,
    build_optimizer,
    optimizer_tensors,
    parameter_groups,
    restore_optimizer,
)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.norm = nn.LayerNorm(3)
        self.linear = nn.Linear(3, 2)
        self.latents = nn.Parameter(torch.ones(2, 3))
        self.unused = nn.Linear(3, 3)

    def forward(self, ids: Tensor) -> Tensor:
        hidden: Tensor = self.linear(self.norm(self.embedding(ids) + self.latents[0]))
        return hidden.square().mean()


def take_steps(model: Small, optimizer: torch.optim.Optimizer, count: int) -> None:
    for _ in range(count):
        model(torch.tensor([0, 1, 3])).backward()
        optimizer.step()
        optimizer.zero_grad()


def test_only_matrices_that_multiply_decay() -> None:
    model = Small()
    decaying, others = parameter_groups(model, TrainingConfig(weight_decay=0.1))
    assert {id(p) for p in decaying["params"]} == {id(model.linear.weight), id(model.unused.weight)}  # type: ignore[attr-defined]
    assert others["weight_decay"] == 0.0
    assert len(decaying["params"]) + len(others["params"]) == len(list(model.parameters()))  # type: ignore[arg-type]


def test_moments_decay_by_the_betas_and_the_rate_is_the_configured_one() -> None:
    model = Small()
    optimizer = build_optimizer(model, TrainingConfig(betas=(0.25, 0.5), learning_rate=0.125, weight_decay=0.0))
    weight = model.linear.weight
    before = weight.detach().clone()
    gradients = (torch.full_like(weight, 2.0), torch.full_like(weight, 8.0))
    for gradient in gradients:
        weight.grad = gradient
        optimizer.step()
    state = optimizer.state[weight]
    # Kingma and Ba 2015, algorithm 1: exact in these powers of two.
    assert torch.equal(state["exp_avg"], torch.full_like(weight, 0.25 * 0.75 * 2.0 + 0.75 * 8.0))
    assert torch.equal(state["exp_avg_sq"], torch.full_like(weight, 0.5 * 0.5 * 4.0 + 0.5 * 64.0))
    first, second = 1.0, (6.375 / (1 - 0.25**2)) / math.sqrt(33.0 / (1 - 0.5**2))
    torch.testing.assert_close(before - weight, torch.full_like(weight, 0.125 * (first + second)))


def test_a_step_without_gradient_shrinks_what_decays_by_rate_times_decay() -> None:
    model = Small()
    nn.init.ones_(model.linear.bias)
    optimizer = build_optimizer(model, TrainingConfig(learning_rate=0.5, weight_decay=0.25))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        share = 1.0 - 0.5 * 0.25 if name in {"linear.weight", "unused.weight"} else 1.0
        torch.testing.assert_close(parameter.detach(), share * before[name])


def test_restored_state_goes_on_bit_for_bit() -> None:
    torch.manual_seed(0)
    model, copy = Small(), Small()
    config = TrainingConfig(learning_rate=0.1)
    optimizer = build_optimizer(model, config)
    take_steps(model, optimizer, 3)
    copy.load_state_dict(model.state_dict())
    other = build_optimizer(copy, config)
    tensors = optimizer_tensors(optimizer, model)
    assert "unused.weight/exp_avg" not in tensors
    restore_optimizer(other, copy, tensors)
    take_steps(model, optimizer, 3)
    take_steps(copy, other, 3)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), copy.parameters(), strict=True))


@pytest.mark.parametrize("name", ["other.weight/exp_avg", "norm.bias/exp_avg"])
def test_a_tensor_that_does_not_fit_is_refused(name: str) -> None:
    model = Small()
    optimizer = build_optimizer(model, TrainingConfig())
    with pytest.raises(CheckpointError, match="does not fit"):
        restore_optimizer(optimizer, model, {name: torch.zeros(5)})


class Layered(nn.Module):
    """Names as those of a UnifiedVoice of two layers."""

    config = SimpleNamespace(kind="unified", layers=2)

    def __init__(self) -> None:
        super().__init__()
        self.text_embedding = nn.Embedding(4, 3)
        self.gpt = nn.Module()
        self.gpt.h = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))
        self.mel_head = nn.Linear(3, 2)


def settings_of(model: nn.Module, config: TrainingConfig) -> dict[str, tuple[float, float]]:
    """Return the decay and the scale of the rate of each parameter."""
    groups = parameter_groups(model, config)
    ids = {id(p): name for name, p in model.named_parameters()}
    return {
        ids[id(parameter)]: (float(str(group["weight_decay"])), float(str(group[SCALE])))
        for group in groups
        for parameter in cast("list[Tensor]", group["params"])
    }


def test_lower_layers_learn_more_slowly_by_the_layer_decay() -> None:
    found = settings_of(Layered(), TrainingConfig(layer_decay=0.5, weight_decay=0.1))
    assert found == {
        "text_embedding.weight": (0.0, 0.125),
        "gpt.h.0.weight": (0.1, 0.25),
        "gpt.h.0.bias": (0.0, 0.25),
        "gpt.h.1.weight": (0.1, 0.5),
        "gpt.h.1.bias": (0.0, 0.5),
        "mel_head.weight": (0.1, 1.0),
        "mel_head.bias": (0.0, 1.0),
    }


def test_a_group_has_its_own_rate_and_decay_and_no_layer_decay() -> None:
    groups = (
        ParameterGroup(parameters=("text",), rate=0.1, weight_decay=0.3),
        ParameterGroup(parameters=("gpt.h.1.*",), rate=2.0),
    )
    found = settings_of(Layered(), TrainingConfig(layer_decay=0.5, weight_decay=0.1, groups=groups))
    assert found["text_embedding.weight"] == (0.3, 0.1)
    assert found["gpt.h.1.weight"] == (0.1, 2.0)
    assert found["gpt.h.1.bias"] == (0.0, 2.0)
    assert found["gpt.h.0.weight"] == (0.1, 0.25)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ((("text",), ("text_embedding.*",)), "text_embedding.weight is in two groups"),
        ((("emotion",),), "this voice has no part 'emotion'"),
    ],
)
def test_groups_that_overlap_or_select_nothing_are_refused(groups: tuple[tuple[str, ...], ...], words: str) -> None:
    config = TrainingConfig(groups=tuple(ParameterGroup(parameters=names) for names in groups))
    with pytest.raises(ConfigError, match=words):
        parameter_groups(Layered(), config)


def test_what_does_not_learn_is_in_no_group() -> None:
    model = Layered()
    model.gpt.requires_grad_(False)
    assert set(settings_of(model, TrainingConfig())) == {"text_embedding.weight", "mel_head.weight", "mel_head.bias"}


def test_moments_of_rows_stand_where_their_rows_do_and_come_back() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(SplitEmbedding(nn.Embedding(5, 2), 1, 4))
    optimizer = build_optimizer(model, TrainingConfig(learning_rate=0.1))
    model(torch.arange(5)).square().sum().backward()
    optimizer.step()
    tensors = optimizer_tensors(optimizer, model)
    assert set(tensors) == {"0.weight/step", "0.weight/exp_avg", "0.weight/exp_avg_sq"}
    assert tensors["0.weight/exp_avg"].shape == (5, 2)
    assert tensors["0.weight/exp_avg"].any(dim=1).tolist() == [False, True, True, True, False]
    other = build_optimizer(model, TrainingConfig(learning_rate=0.1))
    restore_optimizer(other, model, tensors)
    (rows,) = model.parameters()
    assert all(torch.equal(other.state[rows][slot], value) for slot, value in optimizer.state[rows].items())
