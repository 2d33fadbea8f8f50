"""Delayed streams: the drawn pattern, the exact inverse, and what counts as a target."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import ModelError
from amhctl.model.layout import delay

START, STOP = 90, 91


def test_one_book_is_the_official_layout() -> None:
    streams = delay(torch.tensor([[[5, 6, 7]]]), torch.tensor([3]), start=START, stop=STOP)
    assert streams.inputs_BQP.tolist() == [[[START, 5, 6, 7, STOP]]]
    assert streams.targets_BQP.tolist() == [[[5, 6, 7, STOP, STOP]]]
    assert streams.mask_BQP.tolist() == [[[True, True, True, True, False]]]


def test_book_q_is_q_positions_late() -> None:
    streams = delay(torch.tensor([[[1, 2], [3, 4], [5, 6]]]), torch.tensor([2]), start=START, stop=STOP)
    assert streams.inputs_BQP[0].tolist() == [
        [START, 1, 2, STOP, STOP, STOP],
        [START, START, 3, 4, STOP, STOP],
        [START, START, START, 5, 6, STOP],
    ]
    assert streams.mask_BQP[0].int().tolist() == [[1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 0]]


def invert(inputs_BQP: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
    """Return the codes whose delayed streams are given: each codebook is one position behind the one before."""
    frames, books = int(lengths_B.max()), inputs_BQP.shape[1]
    return torch.stack([inputs_BQP[:, book, book + 1 : book + 1 + frames] for book in range(books)], dim=1)


@given(data=st.data(), batch=st.integers(1, 3), books=st.integers(1, 5), frames=st.integers(1, 9))
def test_inversion_is_exact_and_padding_is_invisible(data: st.DataObject, batch: int, books: int, frames: int) -> None:
    lengths = torch.tensor(data.draw(st.lists(st.integers(1, frames), min_size=batch, max_size=batch)))
    codes = torch.randint(0, 90, (batch, books, frames), generator=torch.Generator().manual_seed(frames))
    streams = delay(codes, lengths, start=START, stop=STOP)
    assert streams.inputs_BQP.shape == (batch, books, frames + books + 1)
    for row, length in enumerate(lengths.tolist()):
        alone = delay(codes[row : row + 1, :, :length], torch.tensor([length]), start=START, stop=STOP)
        positions = length + books + 1
        assert torch.equal(streams.inputs_BQP[row, :, :positions], alone.inputs_BQP[0])
        assert torch.equal(streams.targets_BQP[row, :, :positions], alone.targets_BQP[0])
        assert torch.equal(streams.mask_BQP[row, :, :positions], alone.mask_BQP[0])
        assert not streams.mask_BQP[row, :, positions:].any()
        assert torch.equal(invert(streams.inputs_BQP, lengths)[row, :, :length], codes[row, :, :length])
    # Every code is a target once, and each book has exactly one stop.
    assert int(streams.mask_BQP.sum()) == books * int((lengths + 1).sum())
    counted = streams.targets_BQP[streams.mask_BQP]
    assert int((counted == STOP).sum()) == books * batch
    assert START not in counted.tolist()


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ModelError, match="match"):
        delay(torch.zeros(2, 3, 4, dtype=torch.long), torch.tensor([4]), start=START, stop=STOP)
