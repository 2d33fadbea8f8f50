"""Confidence intervals by resampling the clips. Arithmetic only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError

_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or a ratio over clips and how far it may be trusted.

    Attributes
    ----------
    value : float
        The mean, or the ratio.
    low, high : float
        Ends of the 95 % percentile interval.
    count : int
        Clips it rests on.
    """

    value: float
    low: float
    high: float
    count: int


def estimate_mean(values: NDArray[np.float64], *, seed: int) -> Estimate:
    """Return the mean of per-clip values with its 95 % percentile bootstrap interval.

    The interval is Efron and Tibshirani's percentile interval ("An Introduction to the Bootstrap", 1993, chapter 13)
    of 2,000 resamples; one clip gives an interval of no width, which its count explains.

    Raises
    ------
    EvaluationError
        If there are no values or one is not finite.
    """
    _require_values(values)
    low, high = np.quantile(values[_draw(values.size, seed)].mean(axis=1), [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high), int(values.size))


def estimate_ratio(over: NDArray[np.float64], under: NDArray[np.float64], *, seed: int) -> Estimate:
    """Return the ratio of two sums over the same clips with its interval, as ``estimate_mean``.

    Long clips count as much as they are long; the mean of the clips' own ratios, which chance in the denominators makes
    larger, is another figure (Cochran, "Sampling Techniques", 1977, chapter 6).

    Parameters
    ----------
    over, under : NDArray[np.float64]
        Numerators and denominators, shape (clips,).
    seed : int
        Of the resamples.

    Raises
    ------
    EvaluationError
        If there are no values, one is not finite, or a denominator is not positive.
    """
    _require_values(over)
    _require_values(under)
    if (under <= 0).any():
        raise EvaluationError("the ratio has a zero denominator")
    picks = _draw(over.size, seed)
    low, high = np.quantile(over[picks].sum(axis=1) / under[picks].sum(axis=1), [0.025, 0.975])
    return Estimate(float(over.sum() / under.sum()), float(low), float(high), int(over.size))


def _require_values(values: NDArray[np.float64]) -> None:
    if not values.size:
        raise EvaluationError("there are no clips to average")
    if not np.isfinite(values).all():
        raise EvaluationError("a clip's measurement is not a finite number")


def _draw(count: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, count, size=(_RESAMPLES, count))
