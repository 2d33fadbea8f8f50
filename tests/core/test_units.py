"""Units are names: no cost, no change of value."""

import pytest

from amhctl.core import units


@pytest.mark.parametrize(
    ("name", "value"), [("Seconds", 1.5), ("Hertz", 16_000), ("Samples", 640), ("Frames", 25), ("Decibels", -20.0)]
)
def test_a_unit_changes_nothing(name: str, value: float) -> None:
    assert getattr(units, name)(value) is value
