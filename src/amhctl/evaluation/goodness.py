"""How good a value is, so that values of any metric can be ordered. Arithmetic only."""

import math

from amhctl.evaluation.scorecard import Better


def goodness(value: float, better: Better | None) -> float:
    """Return a number that is greater the better a value is; without a direction, the value itself.

    Parameters
    ----------
    value : float
        Of a metric.
    better : Better | None
        Which way the metric improves; a ratio gets worse by the same factor either way.
    """
    if better is Better.LOWER:
        return -value
    if better is Better.ONE:
        return -abs(math.log(value)) if value > 0 else -math.inf
    return value
