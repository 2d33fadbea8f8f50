"""Twin of ``pages/frame.py``."""

import re

import pytest

from amhctl.pages.frame import BarChart, draw, histogram, page, round_numbers


def test_a_page_escapes_its_title_and_needs_nothing_else() -> None:
    content = page("<one> & two", "<p>three</p>", style="p{color:red}")
    assert content.count("&lt;one&gt; &amp; two") == 2
    assert content.endswith("<p>three</p></body></html>\n")
    assert "p{color:red}</style>" in content
    assert not re.search(r"<script|<link|http|url\(", content)


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
    assert chart.heights == [2, 1, 0, 1]
    assert chart.note == "s, median 1.5"
    assert chart.labels[0] == "1 to 2 s: 2"
    assert chart.ticks == [(0.0, "1"), (0.25, "2"), (0.5, "3"), (0.75, "4"), (1.0, "5")]
    assert sum(histogram("One", "", [7.0], bars=4).heights) == 1
    assert histogram("One", "", [7.0]).note == "median 7"


def test_bars_are_as_high_as_their_numbers() -> None:
    drawn = draw(BarChart("<a>", "n", [2, 134_000, 67_000], ["x", "y", "<z>"], [(1.0, "end")]))
    heights = [float(value) for value in re.findall(r'<rect [^>]*height="(.*?)"', drawn)]
    assert heights == [0.0, 90.0, 45.0]
    assert re.findall(r'text-anchor="end">(.*?)<', drawn) == ["134k", "0", "end"]
    assert "&lt;a&gt;" in drawn
    assert "&lt;z&gt;" in drawn
    assert [_axis(count) for count in (9_999, 10_000, 12_000_000)] == ["9999", "10k", "12M"]


def _axis(count: int) -> str:
    return re.findall(r'text-anchor="end">(.*?)<', draw(BarChart("", "", [count], [""], [])))[0]
