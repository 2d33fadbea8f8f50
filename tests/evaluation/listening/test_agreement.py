"""Twin of ``listening/agreement.py``: published figures."""

import numpy as np
import pytest

from amhctl.evaluation.listening.agreement import Metric, krippendorff_alpha

# Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C: four observers, twelve units.
NONE = np.nan
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_published_figures(metric: Metric, alpha: float) -> None:
    found = krippendorff_alpha(PUBLISHED, metric)
    assert found is not None
    assert round(found, 3) == alpha


def test_two_observers_and_two_values_of_the_same_source() -> None:
    # Section A: ten units, alpha 0.095.
    values = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=np.float64)
    found = krippendorff_alpha(values, "nominal")
    assert found is not None
    assert round(found, 3) == 0.095


def test_full_agreement_is_one_and_chance_is_near_zero() -> None:
    same = np.tile(np.arange(5.0), (4, 3))
    assert krippendorff_alpha(same, "interval") == 1.0
    drawn = np.random.default_rng(1).integers(1, 6, size=(8, 400)).astype(np.float64)
    found = krippendorff_alpha(drawn, "interval")
    assert found is not None
    assert abs(found) < 0.02


def test_nothing_to_compare_is_none() -> None:
    assert krippendorff_alpha(np.full((3, 4), np.nan), "interval") is None
    assert krippendorff_alpha(np.full((3, 4), 5.0), "interval") is None
    assert krippendorff_alpha(np.array([[1.0, np.nan], [np.nan, 2.0]]), "interval") is None
