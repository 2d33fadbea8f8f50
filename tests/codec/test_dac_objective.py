"""The package's losses: nothing between equals, gradients where they belong."""

import pytest
import torch

from amhctl.codec.dac_objective import DacObjective


@pytest.fixture(scope="module")
def objective() -> DacObjective:
    """Return losses with one small discriminator of each kind."""
    torch.manual_seed(0)
    return DacObjective(sample_rate=24_000, periods=(2,), windows=(512,))


def _sounds() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, 4_000, generator=generator) * 0.1 for _ in range(2))  # type: ignore[return-value]


def test_equal_sounds_differ_in_nothing(objective: DacObjective) -> None:
    one, other = _sounds()
    losses = objective.oppose(one, one.clone())
    assert (losses.mel.item(), losses.feature.item()) == (0.0, 0.0)
    apart = objective.oppose(one, other)
    assert apart.mel.item() > 0.1
    assert apart.feature.item() > 0.0


def test_each_side_has_its_own_gradients(objective: DacObjective) -> None:
    one, other = _sounds()
    one.requires_grad_()
    objective.judge(one, other).backward()
    assert one.grad is None
    assert all(p.grad is not None for p in objective.discriminators.parameters())
    losses = objective.oppose(one, other)
    for loss in (losses.mel, losses.adversarial, losses.feature):
        (gradient,) = torch.autograd.grad(loss, one, retain_graph=True)
        assert bool(gradient.isfinite().all())
        assert float(gradient.abs().max()) > 0.0
