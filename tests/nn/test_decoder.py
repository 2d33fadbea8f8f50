"""The decoder: causal, cacheable, quiet in evaluation, with GPT-2's initial spread."""

import pytest
import torch

from amhctl.nn.decoder import Decoder
from amhctl.nn.kvcache import LayerCache


def _decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(width=16, heads=2, layers=3, dropout=0.3)


@torch.inference_mode()
def test_the_past_does_not_know_the_future() -> None:
    decoder = _decoder().eval()
    hidden = torch.randn(1, 7, 16)
    other = hidden.clone()
    other[:, 4:] = 0.0
    assert torch.allclose(decoder(hidden)[:, :4], decoder(other)[:, :4], atol=1e-6)


@torch.inference_mode()
def test_cached_steps_equal_the_whole() -> None:
    decoder = _decoder().eval()
    hidden = torch.randn(2, 6, 16)
    caches = tuple(LayerCache(6) for _ in range(3))
    parts = [decoder(hidden[:, :2], None, caches, 0)]
    parts += [decoder(hidden[:, index : index + 1], None, caches, index) for index in range(2, 6)]
    assert torch.allclose(torch.cat(parts, 1), decoder(hidden), atol=1e-5)


def test_dropout_is_for_training_only() -> None:
    decoder, hidden = _decoder(), torch.randn(1, 5, 16)
    assert not torch.equal(decoder(hidden), decoder(hidden))
    decoder.eval()
    assert torch.equal(decoder(hidden), decoder(hidden))


def test_projections_into_the_stream_start_smaller() -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=128, heads=2, layers=2, dropout=0.0)
    spread = {name: float(value.detach().std()) for name, value in decoder.named_parameters() if value.ndim == 2}
    for name, deviation in spread.items():
        assert deviation == pytest.approx(0.02 / 2 if name.endswith("c_proj.weight") else 0.02, rel=0.05)
