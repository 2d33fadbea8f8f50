"""The aligner's arithmetic against brute force, and what it learns."""

from itertools import combinations

import numpy as np
import pytest
import torch

from amhctl.core.errors import ModelError
from amhctl.model.aligner import Aligner, alignment_prior, forward_sum_loss, monotonic_path


def _all_paths(frames: int, pieces: int) -> list[np.ndarray]:
    ends = combinations(range(1, frames), pieces - 1)
    return [np.diff([0, *cut, frames]) for cut in ends]


@pytest.mark.parametrize(("frames", "pieces"), [(1, 1), (5, 1), (5, 5), (6, 3), (8, 4)])
def test_the_path_is_the_best_of_all_paths(frames: int, pieces: int) -> None:
    scores = np.random.default_rng(frames * 10 + pieces).normal(size=(frames, pieces)).astype(np.float32)

    def value(durations: np.ndarray) -> float:
        return float(scores[np.arange(frames), np.repeat(np.arange(pieces), durations)].sum())

    best = max(_all_paths(frames, pieces), key=value)
    assert np.array_equal(monotonic_path(scores), best)


def test_more_pieces_than_frames_are_refused() -> None:
    with pytest.raises(ModelError):
        monotonic_path(np.zeros((2, 3), np.float32))


def test_the_prior_is_a_distribution_that_moves_along_the_diagonal() -> None:
    prior = alignment_prior(20, 7).exp()
    assert torch.allclose(prior.sum(dim=1), torch.ones(20), atol=1e-4)
    assert bool((prior.argmax(dim=1).diff() >= 0).all())


def test_the_loss_is_small_only_for_scores_on_a_monotonic_path() -> None:
    good = torch.full((1, 8, 4), -20.0)
    good[0, torch.arange(8), torch.arange(8) // 2] = 20.0
    bad = good.flip(2)
    lengths = torch.tensor([4]), torch.tensor([8])
    assert float(forward_sum_loss(good, *lengths)) < 0.01
    assert float(forward_sum_loss(bad, *lengths)) > 5.0


def test_padding_does_not_change_scores() -> None:
    torch.manual_seed(0)
    aligner = Aligner(text_tokens=9, mel_bins=6, width=8)
    text, mel = torch.randint(0, 9, (1, 4)), torch.randn(1, 11, 6)
    alone = aligner(text, torch.tensor([4]), mel)
    padded = aligner(torch.cat([text, torch.full((1, 3), 7)], 1), torch.tensor([4]), mel)
    assert torch.allclose(padded[:, :, :4], alone, atol=1e-5)
    assert bool((padded[:, :, 4:] <= -1e4).all())
