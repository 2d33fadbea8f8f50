"""Adversarial losses: their values on verdicts one can reckon, and where their gradients go."""

import pytest
import torch

from amhctl.training.adversarial import (
    accuracy,
    balanced_gradient,
    discriminator_loss,
    feature_loss,
    generator_loss,
)


def _features(verdict: float, *layers: float) -> list[torch.Tensor]:
    return [*(torch.full((2, 3), value) for value in layers), torch.full((2, 1), verdict)]


def test_a_perfect_judge_has_no_loss_and_a_deceived_one_has() -> None:
    real, made = [_features(1.0), _features(1.0)], [_features(0.0), _features(0.0)]
    assert float(discriminator_loss(real, made)) == 0.0
    assert float(discriminator_loss(made, real)) == 2.0
    assert float(generator_loss(made)) == 1.0
    assert float(generator_loss(real)) == 0.0
    assert float(generator_loss([_features(1.0), _features(0.0)])) == 0.5


def test_features_count_relative_to_the_real_ones_and_verdicts_do_not_count() -> None:
    real, made = [_features(1.0, 100.0, 1.0)], [_features(-5.0, 50.0, 2.0)]
    assert float(feature_loss(real, made)) == pytest.approx((0.5 + 1.0) / 2)
    assert float(feature_loss(real, real)) == 0.0


def test_matching_moves_the_reconstruction_only() -> None:
    real, made = torch.ones(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    feature_loss([[real, real]], [[made, made]]).backward()
    assert real.grad is None
    assert made.grad is not None
    assert bool((made.grad < 0).all())


def test_verdicts_are_counted_on_either_side_of_a_half() -> None:
    real = [[torch.tensor([0.6, 0.4])], [torch.tensor([0.9])]]
    made = [[torch.tensor([0.2, 0.7, 0.1, 0.0])], [torch.tensor([0.6])]]
    assert accuracy(real, made) == (0.75, 0.375)


def test_each_weight_is_a_share_of_the_first_gradient() -> None:
    made = torch.tensor([[3.0, 4.0]], requires_grad=True)
    first, second, third = 2.0 * made[0, 0], 1e-6 * made[0, 1], 1e6 * made[0, 0]
    gradient = balanced_gradient(made, first, [(second, 0.5), (third, 0.25)])
    torch.testing.assert_close(gradient, torch.tensor([[2.5, 1.0]]))
    torch.testing.assert_close(balanced_gradient(made, made[0, 0] * 2.0, []), torch.tensor([[2.0, 0.0]]))
    # A loss without a gradient has no share.
    flat = (made * 0.0).sum()
    torch.testing.assert_close(balanced_gradient(made, 2.0 * made[0, 0], [(flat, 1.0)]), torch.tensor([[2.0, 0.0]]))
    # A gradient that points between the axes is scaled by its length, not value by value.
    slanted = 3.0 * made[0, 0] - 4.0 * made[0, 1]
    torch.testing.assert_close(
        balanced_gradient(made, 2.0 * made[0, 0], [(slanted, 0.5)]), torch.tensor([[2.0 + 0.6, -0.8]])
    )
