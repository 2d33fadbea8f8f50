"""How far people agree: Krippendorff's alpha. Arithmetic only.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania, 2011: alpha is one minus
the observed over the expected disagreement of pairs of values. 1 is perfect agreement, 0 what chance gives; below 0
people disagree systematically. Missing answers are allowed.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(values_RU: NDArray[np.float64], metric: Metric) -> float | None:
    """Return the reliability of answers; None where there is nothing to compare, or everybody always says the same.

    Parameters
    ----------
    values_RU : NDArray[np.float64]
        Answers of R raters to U units, NaN where there is none.
    metric : Metric
        How far apart two values are: different or not, by their ranks, or by the square of their difference.
    """
    pairable = (~np.isnan(values_RU)).sum(axis=0) > 1
    units = values_RU[:, pairable]
    given = units[~np.isnan(units)]
    levels = np.unique(given)
    if levels.size < 2:
        return None
    coincidences = np.zeros((levels.size, levels.size))
    for unit in units.T:
        counts = np.bincount(np.searchsorted(levels, unit[~np.isnan(unit)]), minlength=levels.size).astype(np.float64)
        pairs = np.outer(counts, counts) - np.diag(counts)
        coincidences += pairs / (counts.sum() - 1.0)
    totals = coincidences.sum(axis=1)
    distances = _distances(levels, totals, metric)
    observed = float((coincidences * distances).sum())
    expected = float((np.outer(totals, totals) * distances).sum()) / (float(totals.sum()) - 1.0)
    return 1.0 - observed / expected


def _distances(levels: NDArray[np.float64], totals: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """Return the squared difference of each pair of levels."""
    if metric == "nominal":
        return 1.0 - np.eye(levels.size)
    places = levels
    if metric == "ordinal":
        # Between two ranks lie all values between them, and half of those at each.
        places = np.cumsum(totals) - totals / 2.0
    return np.square(places[:, None] - places[None, :])
