"""Bar charts of a page: what their bars and axes say. Knows no HTML, and nothing of what is counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars of one colour over a horizontal axis.

    Attributes
    ----------
    title : str
        What is counted.
    note : str
        What is said beside the title, such as unit and median.
    highest : str
        What the full height stands for.
    bars : tuple[tuple[float, str], ...]
        Height of each bar, as a share of the full height, and what it says when it is pointed at.
    ticks : tuple[tuple[float, str], ...]
        Marks of the axis: where, as a share of its length, and what stands there.
    """

    title: str
    note: str
    highest: str
    bars: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]


def chart_heights(
    title: str,
    note: str,
    heights: Sequence[float],
    labels: Sequence[str],
    ticks: Iterable[tuple[float, str]],
    *,
    highest: str | None = None,
) -> BarChart:
    """Return a chart whose highest bar has the full height; its number stands there unless ``highest`` says another."""
    top = max(heights)
    bars = tuple((height / top if top else 0.0, label) for height, label in zip(heights, labels, strict=True))
    return BarChart(title, note, shorten(round(top)) if highest is None else highest, bars, tuple(ticks))


def histogram(title: str, unit: str, values: Sequence[float], *, bars: int = 40) -> BarChart:
    """Return how many of some values lie in each of so many equal stretches between the least and the greatest."""
    numbers = np.asarray(values, dtype=np.float64)
    counts, edges = np.histogram(numbers, bins=bars)
    low, high = float(edges[0]), float(edges[-1])
    sign = f" {unit}" if unit else ""
    return chart_heights(
        title,
        f"{unit}, median {np.median(numbers):.4g}".removeprefix(", "),
        counts.tolist(),
        [f"{edges[n]:.4g} to {edges[n + 1]:.4g}{sign}: {count}" for n, count in enumerate(counts.tolist())],
        [((value - low) / (high - low), f"{value:g}") for value in round_numbers(low, high)],
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


def shorten(count: int) -> str:
    """Return a number in few letters: 950, 134k, 2M."""
    for sign, times in (("M", 1_000_000), ("k", 1_000)):
        if count >= 10 * times:
            return f"{count / times:.0f}{sign}"
    return str(count)
