"""The warping recursion against a plain double loop, and its symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.evaluation import warping


def plain_accumulate(cost: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            step = cost[row - 1, column - 1]
            total[row, column] = min(
                min(total[row - 1, column], total[row, column - 1]) + step,
                total[row - 1, column - 1] + weight * step,
            )
    return total


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10_000), st.sampled_from([1.0, 2.0]))
def test_anti_diagonals_equal_the_double_loop(rows: int, columns: int, seed: int, weight: float) -> None:
    cost = np.random.default_rng(seed).random((rows, columns))
    np.testing.assert_array_equal(warping.accumulate(cost, diagonal_weight=weight), plain_accumulate(cost, weight))


def test_a_sequence_is_at_no_distance_from_itself_and_from_itself_slowed() -> None:
    frames = np.random.default_rng(1).normal(size=(20, 3))
    assert warping.distance(frames, frames) == 0.0
    assert warping.distance(frames, np.repeat(frames, 2, axis=0)) == 0.0


def test_distance_is_symmetric() -> None:
    generator = np.random.default_rng(2)
    one, other = generator.normal(size=(12, 3)), generator.normal(size=(17, 3))
    assert warping.distance(one, other) == pytest.approx(warping.distance(other, one), rel=1e-12)


def test_path_is_monotonic_complete_and_has_the_accumulated_cost() -> None:
    generator = np.random.default_rng(3)
    one, other = generator.normal(size=(15, 2)), generator.normal(size=(11, 2))
    rows, columns = warping.path(one, other)
    assert (rows[0], columns[0], rows[-1], columns[-1]) == (0, 0, 14, 10)
    steps = np.stack([np.diff(rows), np.diff(columns)])
    assert steps.min() >= 0
    assert steps.max() == 1
    assert steps.sum(axis=0).min() == 1
    cost = np.linalg.norm(one[:, None] - other[None], axis=2)
    assert cost[rows, columns].sum() == pytest.approx(plain_accumulate(cost, 1.0)[-1, -1], rel=1e-12)


def test_an_empty_sequence_is_refused() -> None:
    with pytest.raises(EvaluationError, match="empty"):
        warping.distance(np.zeros((0, 3)), np.zeros((4, 3)))
