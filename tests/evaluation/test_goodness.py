"""Twin of ``evaluation/goodness.py``."""

import math

from amhctl.evaluation.goodness import goodness
from amhctl.evaluation.scorecard import Better


def test_better_values_are_greater_whatever_the_direction() -> None:
    assert goodness(2.0, Better.HIGHER) > goodness(1.0, Better.HIGHER)
    assert goodness(1.0, Better.LOWER) > goodness(2.0, Better.LOWER)
    assert goodness(1.1, Better.ONE) > goodness(2.0, Better.ONE)
    assert math.isclose(goodness(0.5, Better.ONE), goodness(2.0, Better.ONE))
    assert goodness(0.0, Better.ONE) == goodness(-1.0, Better.ONE) == -math.inf
    assert goodness(3.0, None) == 3.0
