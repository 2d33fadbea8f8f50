"""Windows that see enough: the computed reach is the true one, and pieces give what the whole gives."""

import pytest
import torch
from support.codecs import tiny_dac
from torch import Tensor, nn

from amhctl.codec.windows import Window, context_frames, cut_windows, seen_interval


def _touched(module: nn.Module, channels: int, length: int, outputs: slice) -> tuple[int, int]:
    """Return the first and the last input position with a gradient from some outputs."""
    signal = torch.randn(1, channels, length, dtype=torch.double, requires_grad=True)
    module.double()(signal)[..., outputs].sum().backward()
    assert isinstance(signal.grad, Tensor)
    places = signal.grad.abs().sum((0, 1)).nonzero()
    return int(places.min()), int(places.max())


def _in_windows(module: nn.Module, signal: Tensor, *, units: int, outputs: int, context: int) -> Tensor:
    """Return what a module gives of a signal in windows; ``units`` and ``outputs`` are positions of one frame."""
    pieces = []
    for window in cut_windows(signal.shape[-1] // units, window=2 * context + 5, context=context):
        output = module(signal[..., window.start * units : window.stop * units])
        kept = slice((window.keep_start - window.start) * outputs, (window.keep_stop - window.start) * outputs)
        pieces.append(output[..., kept])
    return torch.cat(pieces, -1)


@pytest.mark.parametrize("rates", [(2, 4, 5, 8), (3, 2), (2, 4, 8, 8)])
def test_the_reach_of_a_dac_is_exact(rates: tuple[int, ...]) -> None:
    model = tiny_dac(rates=rates)
    hop = int(model.hop_length)
    low, high = seen_interval(model.encoder, 0, 0)
    middle = 2 - low // hop
    frames = 2 * middle + 8
    assert _touched(model.encoder, 1, frames * hop, slice(middle, middle + 1)) == (
        middle * hop + low,
        middle * hop + high,
    )
    low, high = seen_interval(model.decoder, 0, hop - 1)
    outputs = slice(40 * hop, 41 * hop)
    assert _touched(model.decoder, model.latent_dim, 80, outputs) == (40 + low, 40 + high)


@pytest.mark.parametrize("rates", [(2, 4, 5, 8), (3, 2)])
def test_windows_of_an_encoder_and_a_decoder_give_the_whole(rates: tuple[int, ...]) -> None:
    model = tiny_dac(rates=rates).double().eval()
    hop = int(model.hop_length)
    with torch.inference_mode():
        signal = torch.randn(1, 1, 203 * hop, dtype=torch.double)
        context = context_frames(model.encoder, frame_units=hop, output_units=1)
        windowed = _in_windows(model.encoder, signal, units=hop, outputs=1, context=context)
        torch.testing.assert_close(windowed, model.encoder(signal), rtol=0, atol=1e-12)
        latents = torch.randn(1, model.latent_dim, 203, dtype=torch.double)
        context = context_frames(model.decoder, frame_units=1, output_units=hop)
        windowed = _in_windows(model.decoder, latents, units=1, outputs=hop, context=context)
        torch.testing.assert_close(windowed, model.decoder(latents), rtol=0, atol=1e-12)


def test_one_frame_less_of_context_is_not_enough() -> None:
    model = tiny_dac().double().eval()
    hop = int(model.hop_length)
    context = context_frames(model.encoder, frame_units=hop, output_units=1) - 1
    with torch.inference_mode():
        signal = torch.randn(1, 1, 60 * hop, dtype=torch.double)
        windowed = _in_windows(model.encoder, signal, units=hop, outputs=1, context=context)
        assert float((windowed - model.encoder(signal)).abs().max()) > 1e-9


@pytest.mark.parametrize("frames", [1, 9, 10, 11, 14, 37, 100])
def test_kept_parts_follow_one_another_without_gap(frames: int) -> None:
    windows = list(cut_windows(frames, window=10, context=3))
    assert [frame for w in windows for frame in range(w.keep_start, w.keep_stop)] == list(range(frames))
    assert all(w.frames == 10 for w in windows[:-1])
    assert windows[-1].frames <= 10
    for window in windows:
        assert window.start == 0 or window.keep_start - window.start >= 3
        assert window.stop == frames or window.stop - window.keep_stop == 3


def test_a_short_signal_is_one_window_and_a_window_keeps_something() -> None:
    assert list(cut_windows(7, window=7, context=3)) == [Window(0, 7, 0, 7)]
    with pytest.raises(ValueError, match="is too short for a context"):
        list(cut_windows(7, window=6, context=3))
