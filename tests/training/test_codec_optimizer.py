"""The optimiser of codecs: its schedule, what decays, and gradients that are none."""

import pytest
import torch
from torch import nn

from amhctl.core.errors import TrainingError
from amhctl.training.codec_optimizer import cosine_rate, decayed_adamw, require_finite


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine() -> None:
    rates = [cosine_rate(step, steps=12, warmup=2, peak=0.4) for step in range(13)]
    assert rates[:3] == [0.2, 0.4, 0.4]
    assert rates[7] == pytest.approx(0.2)
    assert rates[12] == pytest.approx(0.0)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_matrices_decay_and_what_does_not_learn_is_left_out() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    network[1].requires_grad_(False)
    groups = decayed_adamw(network, rate=0.1, weight_decay=0.01).param_groups
    assert [(group["weight_decay"], [tuple(p.shape) for p in group["params"]]) for group in groups] == [
        (0.01, [(3, 2)]),
        (0.0, [(3,)]),
    ]


def test_a_gradient_that_is_not_finite_stops_the_run() -> None:
    require_finite(torch.tensor(3.0), 7, "")
    with pytest.raises(TrainingError, match="step 7"):
        require_finite(torch.tensor(float("nan")), 7, "lower it")
