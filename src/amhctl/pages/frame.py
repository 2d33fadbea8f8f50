"""The frame of a page for a browser: its style, its heading, and bar charts with axes. Knows nothing of what it shows.

A page is one HTML file without scripts, and follows the reader's choice of light or dark.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_STYLE = """
:root{color-scheme:light dark;--ink:#1d1d1f;--back:#fff;--faint:#666;--line:#ddd;--bar:#2a8a66;
--error:#b3261e;--warning:#8a5300;--info:#2f6690}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--back:#161616;--faint:#a2a2a2;--line:#3a3a3a;--bar:#4fb58c;
--error:#ff8a80;--warning:#f0b35a;--info:#8cc4ea}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:var(--ink);
background:var(--back);overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.25}h2{margin-top:2.5rem;font-size:1.2rem}h3{margin:2rem 0 .3rem;font-size:1rem}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0}th{font-weight:600}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.code{white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:1.5rem}
figure{margin:0}figcaption{font-weight:600}svg{display:block;width:100%;height:auto}rect,path{fill:var(--bar)}
line{stroke:var(--line)}text{font-size:9px;fill:var(--faint)}small{color:var(--faint)}
a{color:inherit}.error{color:var(--error)}.warning{color:var(--warning)}.info{color:var(--info)}
audio{display:block;width:100%;max-width:26rem;margin:.3rem 0}
.scale{display:flex;justify-content:space-between;margin:0;font-size:.75rem;color:var(--faint)}
.am{font-family:"Noto Sans Ethiopic","Abyssinica SIL",Nyala,Kefa,Ebrima,system-ui,sans-serif;font-size:1.15rem}
"""
_WIDTH, _HEIGHT = 300.0, 90.0
_LEFT, _TOP, _BELOW = 34.0, 8.0, 15.0


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars of one colour over a horizontal axis.

    Attributes
    ----------
    title : str
        What is counted.
    note : str
        What is said beside the title, such as unit and median.
    heights : Sequence[int]
        One bar each.
    labels : Sequence[str]
        What each bar says when it is pointed at.
    ticks : Sequence[tuple[float, str]]
        Marks of the axis: where, as a share of its length, and what stands there.
    """

    title: str
    note: str
    heights: Sequence[int]
    labels: Sequence[str]
    ticks: Sequence[tuple[float, str]]


def page(title: str, body: str, *, style: str = "") -> str:
    """Return a whole page: HTML under a heading of plain text."""
    heading = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}{style}</style></head>'
        f"<body>\n<h1>{heading}</h1>{body}</body></html>\n"
    )


def histogram(title: str, unit: str, values: Sequence[float], *, bars: int = 40) -> BarChart:
    """Return how many of some values lie in each of so many equal stretches between the least and the greatest."""
    numbers = np.asarray(values, dtype=np.float64)
    counts, edges = np.histogram(numbers, bins=bars)
    low, high = float(edges[0]), float(edges[-1])
    sign = f" {unit}" if unit else ""
    return BarChart(
        title=title,
        note=f"{unit}, median {np.median(numbers):.4g}".removeprefix(", "),
        heights=counts.tolist(),
        labels=[f"{edges[n]:.4g} to {edges[n + 1]:.4g}{sign}: {count}" for n, count in enumerate(counts.tolist())],
        ticks=[((value - low) / (high - low), f"{value:g}") for value in round_numbers(low, high)],
    )


def round_numbers(low: float, high: float, *, most: int = 6) -> list[float]:
    """Return at most so many numbers from low to high that are 1, 2 or 5 times a power of ten apart.

    >>> round_numbers(0.97, 42.1)
    [10.0, 20.0, 30.0, 40.0]
    """
    power = 10.0 ** np.floor(np.log10((high - low) / most))
    step = next(power * times for times in (1.0, 2.0, 5.0, 10.0) if (high - low) / (power * times) < most)
    places = np.arange(np.ceil(low / step), np.floor(high / step) + 1.0)
    # Adding zero turns -0 into 0; ten digits are more than a reader sees, and fewer than a double errs by.
    return [float(f"{place * step:.10g}") + 0.0 for place in places]


def draw(chart: BarChart) -> str:
    """Return a chart as HTML: bars as SVG, the highest one's height at the left, marks below."""
    highest = max(1, *chart.heights)
    step = (_WIDTH - _LEFT) / len(chart.heights)
    foot = _TOP + _HEIGHT
    bars = "".join(
        f'<rect x="{_LEFT + place * step:.1f}" y="{foot - _HEIGHT * height / highest:.1f}" width="{step * 0.85:.1f}" '
        f'height="{_HEIGHT * height / highest:.1f}"><title>{html.escape(label)}</title></rect>'
        for place, (height, label) in enumerate(zip(chart.heights, chart.labels, strict=True))
    )
    levels = "".join(
        f'<line x1="{_LEFT:.0f}" x2="{_WIDTH:.0f}" y1="{y:.0f}" y2="{y:.0f}"/>'
        f'<text x="{_LEFT - 4:.0f}" y="{y + 3:.0f}" text-anchor="end">{_short(count)}</text>'
        for y, count in ((_TOP, highest), (foot, 0))
    )
    marks = "".join(_mark(share, label, foot) for share, label in chart.ticks)
    return (
        f"<figure><figcaption>{html.escape(chart.title)} <small>{html.escape(chart.note)}</small></figcaption>"
        f'<svg viewBox="0 0 {_WIDTH:.0f} {foot + _BELOW:.0f}" role="img">{levels}{bars}{marks}</svg></figure>'
    )


def _short(count: int) -> str:
    """Return a number in few letters: 950, 134k, 2M."""
    for sign, times in (("M", 1_000_000), ("k", 1_000)):
        if count >= 10 * times:
            return f"{count / times:.0f}{sign}"
    return str(count)


def _mark(share: float, label: str, foot: float) -> str:
    x = _LEFT + share * (_WIDTH - _LEFT)
    # What stands at an end must not stand half outside.
    anchor = "end" if share > 0.95 else "middle"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{foot:.0f}" y2="{foot + 3:.0f}"/>'
        f'<text x="{x:.1f}" y="{foot + 12:.0f}" text-anchor="{anchor}">{html.escape(label)}</text>'
    )
