import pytest
import torch

from amhctl.evaluation.dac_package import filter_samples


def test_the_filter_is_its_difference_equation() -> None:
    samples = torch.randn(2, 3, 40, generator=torch.Generator().manual_seed(0))
    feedback, feedforward = torch.tensor([1.0, -0.5, 0.25]), torch.tensor([0.2, 0.3, -0.1])
    wanted = torch.zeros_like(samples)
    for time in range(40):
        for delay in range(min(3, time + 1)):
            wanted[..., time] += feedforward[delay] * samples[..., time - delay]
            if delay:
                wanted[..., time] -= feedback[delay] * wanted[..., time - delay]
    assert torch.allclose(filter_samples(samples, feedback, feedforward, clamp=False), wanted, atol=1e-6)


@pytest.mark.parametrize(("clamp", "highest"), [(True, 1.0), (False, 3.0)])
def test_clamping_is_as_asked(clamp: bool, highest: float) -> None:
    filtered = filter_samples(torch.ones(5), torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]), clamp=clamp)
    assert filtered.dtype == torch.float32
    assert filtered.max().item() == highest
