"""The search against brute force, and many utterances against one at a time."""

from itertools import combinations

import numpy as np
import pytest

from amhctl.core.errors import TrainingError
from amhctl.training.monotonic import find_paths


def _all_paths(frames: int, pieces: int) -> list[np.ndarray]:
    cuts = combinations(range(1, frames), pieces - 1)
    return [np.repeat(np.arange(pieces), np.diff([0, *cut, frames])) for cut in cuts]


@pytest.mark.parametrize(("frames", "pieces"), [(1, 1), (5, 1), (5, 5), (6, 3), (8, 4)])
def test_the_path_is_the_best_of_all_paths(frames: int, pieces: int) -> None:
    scores = np.random.default_rng(frames * 10 + pieces).normal(size=(frames, pieces)).astype(np.float32)
    best = max(_all_paths(frames, pieces), key=lambda path: scores[np.arange(frames), path].sum())
    (path,) = find_paths([scores])
    assert np.array_equal(path, best)


def test_many_utterances_are_searched_as_each_alone() -> None:
    random = np.random.default_rng(1)
    sizes = [(9, 3), (30, 30), (1, 1), (25, 7), (30, 2)]
    scores = [random.normal(size=size).astype(np.float32) for size in sizes]
    together = find_paths(scores)
    assert [len(path) for path in together] == [frames for frames, _ in sizes]
    assert all(np.array_equal(path, find_paths([score])[0]) for path, score in zip(together, scores, strict=True))


@pytest.mark.parametrize("shape", [(2, 3), (2, 0)])
def test_texts_that_cannot_be_laid_over_frames_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(TrainingError, match="cannot be aligned with"):
        find_paths([np.zeros((4, 2), np.float32), np.zeros(shape, np.float32)])
