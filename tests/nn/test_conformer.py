"""The conformer: frames at half rate, sinusoids, padding hidden, absolute positions known."""

import math

import pytest
import torch

from amhctl.nn.conformer import Conformer, sinusoid_table


def _conformer() -> Conformer:
    torch.manual_seed(0)
    return Conformer(features=11, width=8, heads=2, inner=12, blocks=2).eval()


@pytest.mark.parametrize("width", [8, 9])
def test_sinusoids_are_sine_in_even_columns_and_cosine_in_odd(width: int) -> None:
    table = sinusoid_table(5, width)
    assert table.shape == (5, width)
    for position in range(5):
        for column in range(width):
            angle = position / 10_000 ** ((column - column % 2) / width)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert float(table[position, column]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("frames", [3, 4, 9, 10])
@torch.inference_mode()
def test_frames_are_halved(frames: int) -> None:
    encoded, keep = _conformer()(torch.randn(1, frames, 11), torch.ones(1, frames, dtype=torch.bool))
    assert encoded.shape == (1, (frames - 1) // 2, 8)
    assert keep.shape == (1, (frames - 1) // 2)


@pytest.mark.parametrize("length", [3, 4, 11, 12, 20])
@torch.inference_mode()
def test_padding_changes_nothing(length: int) -> None:
    conformer = _conformer()
    features = torch.randn(1, 20, 11)
    padded, keep = conformer(features, torch.arange(20)[None] < length)
    alone, _ = conformer(features[:, :length], torch.ones(1, length, dtype=torch.bool))
    assert int(keep.sum()) == alone.shape[1]
    assert torch.allclose(padded[:, : alone.shape[1]], alone, atol=1e-5)


@torch.inference_mode()
def test_where_a_frame_stands_matters() -> None:
    attention = _conformer().encoders[0].self_attn
    hidden, keep = torch.randn(1, 6, 8), torch.ones(1, 6, dtype=torch.bool)
    there = attention(hidden, sinusoid_table(6, 8)[None], keep)  # type: ignore[operator]
    elsewhere = attention(hidden, sinusoid_table(9, 8)[None, 3:], keep)  # type: ignore[operator]
    assert not torch.allclose(there, elsewhere, atol=1e-5)
