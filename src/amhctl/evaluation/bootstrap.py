"""Confidence intervals by resampling the clips. Arithmetic only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError

_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over clips and how far it may be trusted.

    Attributes
    ----------
    value : float
        The mean.
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
    if not values.size:
        raise EvaluationError("a mean of no clips does not exist")
    if not np.isfinite(values).all():
        raise EvaluationError("a clip's measurement is not a finite number")
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, values.size, size=(_RESAMPLES, values.size))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high), int(values.size))
