"""Twin of ``nn/reversal.py``."""

import torch

from amhctl.nn.reversal import reverse_gradient


def test_values_pass_and_the_gradient_is_turned_around() -> None:
    values = torch.randn(3, 4, requires_grad=True)
    passed = reverse_gradient(values, 0.5)
    assert torch.equal(passed, values)
    (2.0 * passed).sum().backward()
    assert torch.equal(values.grad, torch.full((3, 4), -1.0))  # type: ignore[arg-type]


def test_no_weight_lets_nothing_through() -> None:
    values = torch.randn(3, 4, requires_grad=True)
    reverse_gradient(values, 0.0).sum().backward()
    assert not values.grad.any()  # type: ignore[union-attr]
