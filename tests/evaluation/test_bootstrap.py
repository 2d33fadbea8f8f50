"""Means and their intervals: seeded, ordered, of no width for one value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.bootstrap import Estimate, estimate_mean, estimate_ratio


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.integers(0, 99))
def test_interval_lies_within_the_values_and_repeats_with_the_seed(values: list[float], seed: int) -> None:
    estimate = estimate_mean(np.array(values), seed=seed)
    assert min(values) - 1e-9 <= estimate.low <= estimate.high <= max(values) + 1e-9
    assert estimate == estimate_mean(np.array(values), seed=seed)


def test_one_value_has_no_width() -> None:
    assert estimate_mean(np.array([3.5]), seed=0) == Estimate(3.5, 3.5, 3.5, 1)


def test_interval_is_near_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(10.0, 2.0, 400)
    estimate = estimate_mean(values, seed=1)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 2.0 / 20.0, rel=0.15)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_nothing_and_nonsense_are_refused(values: list[float]) -> None:
    with pytest.raises(EvaluationError):
        estimate_mean(np.array(values), seed=0)


def test_a_ratio_is_that_of_the_sums_and_long_clips_count_more() -> None:
    over, under = np.array([1.0, 20.0]), np.array([2.0, 10.0])
    estimate = estimate_ratio(over, under, seed=0)
    assert estimate.value == 21.0 / 12.0
    assert (estimate.low, estimate.high, estimate.count) == (0.5, 2.0, 2)
    assert estimate_ratio(3.0 * under, under, seed=4) == Estimate(3.0, 3.0, 3.0, 2)


@pytest.mark.parametrize(("over", "under"), [([], []), ([1.0], [0.0]), ([float("inf")], [1.0]), ([1.0], [-1.0])])
def test_ratios_of_nothing_are_refused(over: list[float], under: list[float]) -> None:
    with pytest.raises(EvaluationError):
        estimate_ratio(np.array(over), np.array(under), seed=0)
