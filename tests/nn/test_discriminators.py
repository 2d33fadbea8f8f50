"""Discriminators: every layer has gradients, periods and lengths fit, they learn to tell noise from a tone."""

import pytest
import torch

from amhctl.nn.discriminators import Discriminators, PeriodDiscriminator, SpectrumDiscriminator


@pytest.mark.parametrize("samples", [4_096, 4_099])
def test_features_of_each_layer_and_verdicts_last(samples: int) -> None:
    judges = Discriminators(periods=(2, 3), windows=(512,), width=4)
    found = judges(torch.randn(2, samples))
    assert [len(features) for features in found] == [6, 6, 5]
    assert all(features[-1].shape[:2] == (2, 1) for features in found)
    assert [features.shape[1] for features in found[0]] == [4, 8, 16, 32, 32, 1]
    sum(features[-1].square().mean() for features in found).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in judges.parameters())


def test_a_period_is_seen_column_by_column() -> None:
    judge = PeriodDiscriminator(3, 4)
    samples = torch.randn(1, 300)
    other = samples.clone()
    other[:, 1::3] += 1.0
    one, two = judge(samples)[-1], judge(other)[-1]
    assert torch.equal(one[..., [0, 2]], two[..., [0, 2]])
    assert not torch.equal(one[..., 1], two[..., 1])


def test_a_spectrum_sees_phase() -> None:
    judge = SpectrumDiscriminator(256, 4)
    samples = torch.randn(1, 4_000)
    assert not torch.allclose(judge(samples)[-1], judge(-samples)[-1])


def test_they_learn_to_tell_two_sounds_apart() -> None:
    torch.manual_seed(0)
    judges = Discriminators(periods=(2,), windows=(256,), width=4)
    optimizer = torch.optim.AdamW(judges.parameters(), lr=3e-3)
    times = torch.arange(2_048) / 16_000

    def loss() -> torch.Tensor:
        tone = torch.sin(2 * torch.pi * (200 * times + torch.rand(4, 1)))
        noise = torch.randn(4, 2_048) * 0.7
        verdicts = zip(judges(tone), judges(noise), strict=True)
        return sum((1 - real[-1]).square().mean() + made[-1].square().mean() for real, made in verdicts)

    first = loss().item()
    for _ in range(30):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert loss().item() < 0.3 * first
