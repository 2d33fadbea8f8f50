"""Twin of ``training/ema.py``."""

import torch
from torch import nn

from amhctl.training.ema import AveragedModel


def moved(model: nn.Module) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)


def test_without_decay_the_copy_follows_exactly() -> None:
    model = nn.Linear(3, 2)
    average = AveragedModel(model, 0.0)
    moved(model)
    average.update(1)
    assert all(torch.equal(a, b) for a, b in zip(average.model.parameters(), model.parameters(), strict=True))


def test_the_average_lies_between_and_the_first_steps_forget_fast() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = AveragedModel(model, 0.9)
    moved(model)
    average.update(1)
    torch.testing.assert_close(average.model.weight, torch.full((1, 1), 1.0 - 2 / 11))
    late = AveragedModel(nn.Linear(1, 1), 0.9)
    late.update(10_000)
    assert late.decay == 0.9


def test_the_copy_is_in_evaluation_mode_and_learns_nothing() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
    average = AveragedModel(model.train(), 0.5)
    assert not average.model.training
    assert model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    model[2].running_mean.fill_(3.0)  # type: ignore[operator]
    average.update(1)
    assert torch.equal(average.model[2].running_mean, model[2].running_mean)  # type: ignore[arg-type]
