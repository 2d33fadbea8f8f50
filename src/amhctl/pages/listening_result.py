"""The page of a listening test's scores: one HTML file, no scripts, no other files. Persons have numbers, not names."""

from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.evaluation.listening.design import SCALES, ListeningTest
from amhctl.evaluation.listening.scores import PairScore, SystemScore
from amhctl.evaluation.listening.screening import Screened
from amhctl.pages.intervals import IntervalChart, chart_intervals
from amhctl.pages.rendering import render

_WHAT = {
    "mos": "Mean opinion score (MOS), 1 to 5",
    "mushra": "Mean MUSHRA score, 0 to 100",
    "ab": "Share of comparisons in which the system was preferred (a tie is half)",
}


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What the page shows.

    Attributes
    ----------
    test : ListeningTest
        What was rated.
    systems : Sequence[SystemScore]
        Scores.
    pairs : Sequence[PairScore]
        Differences.
    people : Sequence[Screened]
        Who answered.
    notes : Sequence[str]
        Lines under the heading, such as agreement and methods.
    """

    test: ListeningTest
    systems: Sequence[SystemScore]
    pairs: Sequence[PairScore]
    people: Sequence[Screened]
    notes: Sequence[str]

    def render(self) -> str:
        """Return the page."""
        return render("listening-result.html.j2", self)

    @property
    def title(self) -> str:
        """Heading."""
        return f"Scores of: {self.test.title}"

    @property
    def what(self) -> str:
        """What a score is."""
        return _WHAT[self.test.kind]

    @property
    def chart(self) -> IntervalChart:
        """The scores with their intervals."""
        rows = [(each.system, each.estimate.low, each.estimate.value, each.estimate.high) for each in self.systems]
        scale = (0.0, 1.0) if self.test.kind == "ab" else SCALES[self.test.kind]
        return chart_intervals(self.what, rows, scale=scale, form=".2f" if self.test.kind != "mushra" else ".1f")

    @property
    def counted(self) -> int:
        """People whose answers count."""
        return sum(not person.reasons for person in self.people)
