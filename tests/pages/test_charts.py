"""Twin of ``pages/charts.py``."""

import pytest

from amhctl.pages.charts import chart_heights, histogram, round_numbers, shorten


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [
        (0.0, 3.2, [0, 1, 2, 3]),
        (-62.3, -14.6, [-60, -50, -40, -30, -20]),
        (0.9951, 1.0049, [0.996, 0.998, 1.0, 1.002, 1.004]),
        (-0.5, 0.5, [-0.4, -0.2, 0, 0.2, 0.4]),
        (3.4, 12.2, [4, 6, 8, 10, 12]),
    ],
)
def test_an_axis_has_round_numbers(low: float, high: float, numbers: list[float]) -> None:
    assert round_numbers(low, high) == numbers


def test_a_histogram_counts_each_value_once_and_says_its_unit() -> None:
    chart = histogram("Duration", "s", [1.0, 1.0, 2.0, 5.0], bars=4)
    assert [share for share, _ in chart.bars] == [1.0, 0.5, 0.0, 0.5]
    assert chart.note == "s, median 1.5"
    assert chart.bars[0][1] == "1 to 2 s: 2"
    assert chart.ticks == ((0.0, "1"), (0.25, "2"), (0.5, "3"), (0.75, "4"), (1.0, "5"))
    assert sum(share for share, _ in histogram("One", "", [7.0], bars=4).bars) == 1
    assert histogram("One", "", [7.0]).note == "median 7"


def test_bars_are_as_high_as_their_numbers() -> None:
    chart = chart_heights("a", "n", [2, 134_000, 67_000], ["x", "y", "z"], [(1.0, "end")])
    assert chart.bars == ((2 / 134_000, "x"), (1.0, "y"), (0.5, "z"))
    assert chart.highest == "134k"
    assert chart_heights("a", "n", [0.5, 1.5], ["x", "y"], [], highest="ten").highest == "ten"
    assert chart_heights("a", "n", [0, 0], ["x", "y"], []).bars == ((0.0, "x"), (0.0, "y"))
    assert [shorten(count) for count in (9_999, 10_000, 12_000_000)] == ["9999", "10k", "12M"]
