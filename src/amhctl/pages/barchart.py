"""Bars of one measure, as an SVG file of its own. Knows nothing of what is measured.

SVG 1.1. Readable in print: one colour, the figure beside each bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.pages.rendering import render


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is (0 or more), and what stands behind it."""

    name: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    bars: Sequence[Bar]
    longest: float


def draw_bars(title: str, bars: Sequence[Bar]) -> str:
    """Return an SVG of horizontal bars in the order given; the longest fills the width."""
    return render("bars.svg.j2", _View(title, bars, max((bar.value for bar in bars), default=0.0) or 1.0))
