"""Bars of one measure, as an SVG without a drawing library. Knows nothing of what is measured.

SVG 1.1. Readable in print: one colour, the figure beside each bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_ROW, _BAR, _LEFT, _WIDTH, _RIGHT, _TOP = 26, 16, 130, 420, 200, 34


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is (0 or more), and what stands behind it."""

    name: str
    value: float
    text: str


def draw_bars(title: str, bars: Sequence[Bar]) -> str:
    """Return an SVG of horizontal bars in the order given; the longest fills the width."""
    longest = max((bar.value for bar in bars), default=0.0) or 1.0
    height = _TOP + _ROW * len(bars) + 10
    width = _LEFT + _WIDTH + _RIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20" font-weight="bold">{escape(title)}</text>',
    ]
    for index, bar in enumerate(bars):
        top = _TOP + _ROW * index
        length = round(_WIDTH * bar.value / longest, 1)
        lines += [
            f'<text x="{_LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect x="{_LEFT}" y="{top}" width="{length}" height="{_BAR}" fill="#33658a"/>',
            f'<text x="{_LEFT + length + 6}" y="{top + 13}">{escape(bar.text)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
