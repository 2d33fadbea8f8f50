"""Explicit durations: which piece each frame gets, and that padding and the predictor leave the rest alone."""

import torch

from amhctl.nn.alignment import AlignedText


def _aligned() -> AlignedText:
    torch.manual_seed(0)
    return AlignedText(width=6, layers=2, duration_layers=1, kernel=3, dropout=0.2).eval()


@torch.inference_mode()
def test_each_frame_gets_its_piece_and_where_in_it_it_lies() -> None:
    aligned = _aligned()
    pieces = torch.randn(1, 4, 6)
    laid = aligned.regulate_length(pieces, torch.tensor([[2, 0, 1, 3]]), torch.ones(1, 4, dtype=torch.bool), 8)
    owners, passed, lengths = [0, 0, 2, 3, 3, 3], [0, 1, 0, 0, 1, 2], [2, 2, 1, 3, 3, 3]
    for frame, (piece, before, length) in enumerate(zip(owners, passed, lengths, strict=True)):
        place = torch.tensor([(before + 0.5) / length, before, length - 1 - before])
        place[1:] = torch.log1p(place[1:])
        assert torch.allclose(laid[0, frame], pieces[0, piece] + aligned.within(place), atol=1e-6)
    assert not laid[0, 6:].any()


@torch.inference_mode()
def test_padding_changes_nothing() -> None:
    aligned = _aligned()
    embedded, durations = torch.randn(1, 7, 6), torch.tensor([[1, 2, 3, 1, 5, 5, 5]])
    keep = torch.arange(7)[None] < 4
    alone_keep = keep[:, :4]
    padded, alone = aligned.encode(embedded, keep), aligned.encode(embedded[:, :4], alone_keep)
    assert torch.allclose(padded[:, :4], alone, atol=1e-6)
    assert not padded[:, 4:].any()
    assert torch.allclose(
        aligned.log_durations(padded, keep)[:, :4], aligned.log_durations(alone, alone_keep), atol=1e-6
    )
    assert torch.allclose(
        aligned.regulate_length(padded, durations, keep, 9),
        aligned.regulate_length(alone, durations[:, :4], alone_keep, 9),
        atol=1e-6,
    )


def test_the_predictor_teaches_the_encoder_nothing() -> None:
    aligned = _aligned()
    keep = torch.ones(1, 5, dtype=torch.bool)
    aligned.log_durations(aligned.encode(torch.randn(1, 5, 6), keep), keep).sum().backward()
    assert all(parameter.grad is None for parameter in aligned.encoder.parameters())
    assert all(parameter.grad is not None for parameter in aligned.predictor.parameters())
