"""The leaderboard: voices by metrics, a table for each test set, with players. No scripts.

The players need the folder of clips beside the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.evaluation.leaderboard import Cell, Column, Entry, best_of
from amhctl.pages.intervals import IntervalChart, chart_intervals
from amhctl.pages.rendering import render


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence that voices speak.

    Attributes
    ----------
    id : str
        Of the sentence.
    natural : str
        Address of its recording; empty if there is none.
    spoken : Mapping[Path, str]
        Address of the speech, by report.
    """

    id: str
    natural: str
    spoken: Mapping[Path, str]


@dataclass(frozen=True, slots=True)
class Board:
    """The voices of one test set.

    Attributes
    ----------
    test_set : str
        Its name.
    entries : Sequence[Entry]
        The voices, as they are ranked.
    columns : Sequence[Column]
        The metrics.
    samples : Sequence[Sample]
        What can be played.
    """

    test_set: str
    entries: Sequence[Entry]
    columns: Sequence[Column]
    samples: Sequence[Sample]

    @property
    def rows(self) -> list[tuple[Entry, list[tuple[Cell | None, bool]]]]:
        """Each voice with its cells, and whether each is among the best."""
        best = [best_of(self.entries, column) for column in self.columns]
        return [
            (
                entry,
                [
                    (entry.cells.get(column.name), flags[place])
                    for column, flags in zip(self.columns, best, strict=True)
                ],
            )
            for place, entry in enumerate(self.entries)
        ]

    @property
    def charts(self) -> list[IntervalChart]:
        """The intervals of each metric that two voices have."""
        charts = []
        for column in self.columns:
            measured = [
                (entry.voice, cell.low, cell.value, cell.high)
                for entry in self.entries
                if (cell := entry.cells.get(column.name)) is not None
            ]
            if len(measured) > 1:
                better = f" ({column.better} is better)" if column.better else ""
                charts.append(chart_intervals(f"{column.title}{better}", measured, form=".3f"))
        return charts


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    """What the page shows.

    Attributes
    ----------
    title : str
        Heading.
    boards : Sequence[Board]
        One for each test set.
    folder : str
        Name of the folder of clips; empty if there are none.
    """

    title: str
    boards: Sequence[Board]
    folder: str

    def render(self) -> str:
        """Return the page."""
        return render("leaderboard.html.j2", self)
