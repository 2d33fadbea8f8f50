"""Twin of ``training/frame_classifier.py``."""

import numpy as np
import torch

from amhctl.training.frame_classifier import likelihoods


def _world(utterances: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = np.concatenate([np.repeat(random.permutation(4), 6) for _ in range(utterances)])
    frames = random.normal(0, 3.0, (4, 8))[labels] + random.normal(0, 1.0, (len(labels), 8))
    return frames, labels, np.arange(24, len(labels) + 1, 24)


def test_what_was_labelled_is_likeliest_and_what_was_not_is_unlikely() -> None:
    frames, labels, ends = _world()
    scores = likelihoods(frames, labels, ends, 6, seed=0)
    assert scores.shape == (len(labels), 6)
    assert (scores.argmax(axis=1) == labels).mean() > 0.95


def test_a_rare_piece_is_not_drowned_by_a_frequent_one() -> None:
    frames, labels, ends = _world()
    rare = labels.copy()
    rare[(labels == 3) & (np.arange(len(labels)) > 200)] = 2
    shares = 0.95 * np.bincount(rare, minlength=4) / len(rare) + 0.05 / 4
    scores = likelihoods(frames, rare, ends, 4, seed=0)
    posterior = scores + np.log(shares)
    np.testing.assert_allclose(np.exp(posterior).sum(axis=1), 1.0, atol=1e-4)


def test_the_same_seed_gives_the_same_bytes_and_leaves_the_global_one_alone() -> None:
    frames, labels, ends = _world(10)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (likelihoods(frames, labels, ends, 4, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)
