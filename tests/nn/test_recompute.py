"""Twin of ``nn/recompute.py``."""

import torch

from amhctl.nn.decoder import Decoder
from amhctl.nn.recompute import set_recompute
from amhctl.training.tally import Tally


def gradients(decoder: Decoder, wanted: bool) -> tuple[list[torch.Tensor], int]:
    set_recompute(decoder, wanted)
    hidden = torch.randn(2, 40, 16, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    with Tally("cpu") as tally:
        decoder(hidden).square().sum().backward()
    found = [parameter.grad.clone() for parameter in decoder.parameters() if parameter.grad is not None]
    decoder.zero_grad()
    return found, tally.peak


def test_what_is_computed_anew_has_the_same_gradient_dropout_included_and_takes_less() -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=16, heads=2, layers=6, dropout=0.3).train()
    (kept, kept_bytes), (anew, anew_bytes) = gradients(decoder, False), gradients(decoder, True)
    assert len(kept) == len(anew) == len(list(decoder.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(kept, anew, strict=True))
    assert anew_bytes < 0.5 * kept_bytes


def test_nothing_is_computed_anew_outside_of_training() -> None:
    decoder = Decoder(width=16, heads=2, layers=2, dropout=0.3).eval()
    hidden = torch.randn(1, 5, 16)
    plain = decoder(hidden)
    set_recompute(decoder, True)
    assert torch.equal(decoder(hidden), plain)
