"""Praat's TextGrid, the long text form: tiers of intervals (praat.org, manual page "TextGrid file formats").

Intervals of a tier follow one another without gaps, so what is between two of ours is an empty one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time, in seconds, and what is said in it."""

    start: float
    end: float
    text: str


def format_textgrid(tiers: Mapping[str, Sequence[Interval]], seconds: float) -> str:
    """Return the text of a TextGrid file.

    Parameters
    ----------
    tiers : Mapping[str, Sequence[Interval]]
        Intervals of each tier, in order; where two overlap, the later one begins where the earlier one ends.
    seconds : float
        Length of the recording.
    """
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {seconds:.3f}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        filled = list(_fill(intervals, seconds))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f"        name = {_quote(name)}"]
        lines += ["        xmin = 0", f"        xmax = {seconds:.3f}", f"        intervals: size = {len(filled)}"]
        for place, interval in enumerate(filled, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {interval.start:.3f}"]
            lines += [f"            xmax = {interval.end:.3f}", f"            text = {_quote(interval.text)}"]
    return "\n".join(lines) + "\n"


def _fill(intervals: Sequence[Interval], seconds: float) -> Iterator[Interval]:
    """Yield the intervals and empty ones between them; in milliseconds, so that no empty one is shorter."""
    reached = 0.0
    for interval in intervals:
        start, end = max(reached, round(interval.start, 3)), min(round(interval.end, 3), seconds)
        if end <= start:
            continue
        if start > reached:
            yield Interval(reached, start, "")
        yield Interval(start, end, interval.text)
        reached = end
    if seconds > reached:
        yield Interval(reached, seconds, "")


def _quote(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
