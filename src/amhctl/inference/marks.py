"""Marks of a text, and when the speech reaches them. Knows no sound."""

from collections import deque
from dataclasses import replace

from amhctl.core.units import Seconds
from amhctl.inference.speech import Job, SpokenSegment
from amhctl.text.lines import Line


class Marks:
    """The marks of a line, each set where it is reached.

    Parameters
    ----------
    line : Line
        The line.
    """

    def __init__(self, line: Line) -> None:
        self._left = deque(line.marks)

    def set_in(self, segment: SpokenSegment, job: Job, *, is_end: bool) -> SpokenSegment:
        """Return a segment with the marks that stand before its last word, or at all at the end of the line."""
        spans = job.written.words
        reached = []
        while self._left and spans and (is_end or self._left[0][0] <= spans[-1][0]):
            place, name = self._left.popleft()
            after = next((word.start for word in segment.words if word.place >= place), None)
            if after is None:
                after = segment.start if place <= spans[0][0] else Seconds(segment.start + segment.seconds)
            reached.append((name, after))
        return replace(segment, marks=tuple(reached)) if reached else segment
