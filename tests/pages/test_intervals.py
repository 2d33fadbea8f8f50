"""Twin of ``pages/intervals.py``."""

import re

import pytest

from amhctl.pages.intervals import chart_intervals
from amhctl.pages.rendering import _environment


def test_points_stand_where_their_values_are() -> None:
    chart = chart_intervals("MOS", [("a", 2.0, 3.0, 4.0), ("b", 1.0, 1.0, 1.0)], scale=(1.0, 5.0))
    assert [(row.low, row.value, row.high) for row in chart.rows] == [(0.25, 0.5, 0.75), (0.0, 0.0, 0.0)]
    assert chart.rows[0].text == "3.00 [2.00, 4.00]"
    assert ("0.25", "2") in [(f"{share:g}", label) for share, label in chart.ticks]


def test_without_a_scale_everything_fits() -> None:
    chart = chart_intervals("x", [("a", -2.0, 3.0, 40.0)])
    (row,) = chart.rows
    assert 0.0 < row.low < row.value < row.high < 1.0
    # One value alone has no width of its own.
    (row,) = chart_intervals("x", [("a", 2.0, 2.0, 2.0)]).rows
    assert 0.0 <= row.value <= 1.0


@pytest.mark.parametrize("label", ["<script>", '" onload="x', "ሰላም" * 40])
def test_names_are_escaped_and_shortened(label: str) -> None:
    chart = chart_intervals("MOS", [(label, 2.0, 3.0, 4.0)])
    template = '{% import "macros.html.j2" as parts %}{{ parts.interval_chart(chart) }}'
    drawn = _environment().from_string(template).render(chart=chart)
    assert "<script>" not in drawn
    assert 'onload="' not in drawn
    (shown,) = re.findall(r'<text class="name".*?>(.*?)</text>', drawn)
    assert len(shown) < 60
