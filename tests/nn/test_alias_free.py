"""Activations that add harmonics without folding them back."""

import math

import torch
from support.acoustics import far, numbers

from amhctl.nn.alias_free import AliasFreeActivation, SnakeBeta, low_pass_filter


def test_the_filter_is_the_published_one() -> None:
    filter_11K = low_pass_filter()
    assert filter_11K.shape == (1, 1, 12)
    assert math.isclose(float(filter_11K.sum()), 1.0, abs_tol=1e-6)
    for name in ("vocoder.filter", "vocoder.filter_down"):
        assert far(filter_11K, numbers()[name]) < 1e-7


def test_snake_is_its_formula() -> None:
    snake = SnakeBeta(2)
    with torch.no_grad():
        snake.alpha.copy_(torch.tensor([0.0, math.log(3.0)]))
        snake.beta.copy_(torch.tensor([math.log(2.0), 0.0]))
    signal = torch.tensor([[[0.5, -1.0], [0.25, 2.0]]])
    wanted = torch.tensor(
        [
            [
                [0.5 + math.sin(0.5) ** 2 / 2, -1.0 + math.sin(1.0) ** 2 / 2],
                [0.25 + math.sin(0.75) ** 2, 2.0 + math.sin(6.0) ** 2],
            ]
        ]
    )
    torch.testing.assert_close(snake(signal), wanted)


def test_it_keeps_the_length_and_a_batch_equals_its_items() -> None:
    torch.manual_seed(0)
    activation = AliasFreeActivation(3)
    for samples in (1, 7, 32):
        signal = torch.randn(2, 3, samples)
        activated = activation(signal)
        assert activated.shape == signal.shape
        torch.testing.assert_close(activated, torch.cat([activation(each[None]) for each in signal]))


@torch.inference_mode()
def test_a_harmonic_above_the_band_does_not_come_back_below() -> None:
    """The square of a wave at 0.4 of the rate has one at 0.8, which would fold to 0.2."""
    wave = torch.sin(torch.arange(2_000) * (2 * math.pi * 0.4))[None, None]
    plain = SnakeBeta(1)(wave)
    guarded = AliasFreeActivation(1)(wave)

    def level(signal: torch.Tensor, frequency: float) -> float:
        turning = torch.exp(-2j * math.pi * frequency * torch.arange(2_000))
        return float((signal[0, 0] * turning).mean().abs())

    assert level(plain, 0.2) > 0.05
    assert level(guarded, 0.2) < 0.5 * level(plain, 0.2)
