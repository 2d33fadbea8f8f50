"""Discriminators learn to tell recordings from generated audio, and report it; judging does not change them."""

import torch

from amhctl.training.discriminator_training import DiscriminatorTraining


def discriminators(rate: float = 3e-3) -> DiscriminatorTraining:
    return DiscriminatorTraining(periods=(2,), windows=(256,), width=4, rate=rate, seed=1, device=torch.device("cpu"))


def test_it_learns_to_tell_clean_from_noisy_speech_at_its_level() -> None:
    """Clips as quiet as speech is, which differ by noise 20 dB below: what made the discriminators blind before."""
    one = discriminators()
    times = torch.arange(4_096) / 16_000
    values: list[dict[str, float]] = []
    for step in range(60):
        torch.manual_seed(step)
        pitch = 100 + 100 * torch.rand(4, 1)
        phases = [torch.sin(2 * torch.pi * (n * pitch * times + torch.rand(4, 1))) / n for n in range(1, 8)]
        real = 0.1 * sum(phases, torch.zeros(4, 4_096))
        values.append(one.learn(real, real + 0.01 * torch.randn(4, 4_096)))
    last = [sum(each[name] for each in values[-10:]) / 10 for name in ("right_of_real", "right_of_made")]
    assert min(last) > 0.65
    assert values[-1]["discriminator"] < 0.5 * values[0]["discriminator"]


def test_judging_leaves_it_as_it_is_and_has_gradients_for_what_was_made() -> None:
    one = discriminators()
    real, made = torch.randn(2, 2_048) * 0.1, (torch.randn(2, 2_048) * 0.1).requires_grad_()
    one.learn(real, made)
    assert made.grad is None
    before = {name: value.clone() for name, value in one.network.state_dict().items()}
    generator_loss, feature_loss = one.judge(real, made)
    (generator_loss + feature_loss).backward()
    assert made.grad is not None
    assert bool(made.grad.isfinite().all())
    assert all(torch.equal(value, before[name]) for name, value in one.network.state_dict().items())
    assert all(parameter.grad is None or not parameter.requires_grad for parameter in one.network.parameters())


def test_silence_has_a_finite_gradient() -> None:
    one = discriminators()
    made = torch.zeros(2, 2_048, requires_grad=True)
    generator_loss, feature_loss = one.judge(torch.randn(2, 2_048) * 0.1, made)
    (generator_loss + feature_loss).backward()
    assert made.grad is not None
    assert bool(made.grad.isfinite().all())


def test_a_seed_decides_how_it_starts() -> None:
    one, other = discriminators().network.state_dict(), discriminators().network.state_dict()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
