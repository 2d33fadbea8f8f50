"""Intervals of a page: a point and its interval on one axis, a row each. Knows no HTML, and not what they are of."""

from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.pages.charts import round_numbers

_MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One row.

    Attributes
    ----------
    label : str
        What it is of.
    low, value, high : float
        As shares of the axis.
    text : str
        What stands at its end.
    """

    label: str
    low: float
    value: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Intervals one below the other.

    Attributes
    ----------
    title : str
        What is shown.
    rows : tuple[IntervalRow, ...]
        From top to bottom.
    ticks : tuple[tuple[float, str], ...]
        Marks of the axis: where, as a share of its length, and what stands there.
    """

    title: str
    rows: tuple[IntervalRow, ...]
    ticks: tuple[tuple[float, str], ...]


def chart_intervals(
    title: str,
    values: Sequence[tuple[str, float, float, float]],
    *,
    scale: tuple[float, float] | None = None,
    form: str = ".2f",
) -> IntervalChart:
    """Return a chart of rows of a label, low, value and high.

    Parameters
    ----------
    title : str
        What is shown.
    values : Sequence[tuple[str, float, float, float]]
        At least one row.
    scale : tuple[float, float] | None
        Ends of the axis; by default a little beyond what is shown.
    form : str
        How numbers are written.
    """
    low = min(row[1] for row in values) if scale is None else scale[0]
    high = max(row[3] for row in values) if scale is None else scale[1]
    width = (high - low) or max(abs(high), 1.0)
    if scale is None:
        low, width = low - _MARGIN * width, width * (1.0 + 2.0 * _MARGIN)

    def share(value: float) -> float:
        return min(1.0, max(0.0, (value - low) / width))

    rows = tuple(
        IntervalRow(label, share(least), share(value), share(most), f"{value:{form}} [{least:{form}}, {most:{form}}]")
        for label, least, value, most in values
    )
    ticks = tuple((share(tick), f"{tick:g}") for tick in round_numbers(low, low + width))
    return IntervalChart(title, rows, ticks)
