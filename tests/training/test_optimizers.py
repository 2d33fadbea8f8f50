"""Twin of ``training/optimizers.py``."""

import math

import pytest
import torch
from torch import Tensor, nn

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError
from amhctl.training.optimizers import build_optimizer, optimizer_tensors, parameter_groups, restore_optimizer


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
