"""The page of a vocabulary check: figures, pieces a word against size, use of the pieces. One HTML file, no scripts.

Knows no files; returns text.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.pages.charts import BarChart, chart_heights, round_numbers, shorten
from amhctl.pages.rendering import render
from amhctl.tokenizer.coverage import Coverage, RarePiece
from amhctl.tokenizer.sizes import ENOUGH_OCCURRENCES, ENOUGH_SHARE, SizeCurve, SizePoint
from amhctl.tokenizer.vocabulary import Vocabulary

_BARS = 120


@dataclass(frozen=True, slots=True)
class Comparison:
    """One vocabulary and what it costs on the corpus."""

    name: str
    vocabulary: Vocabulary
    measured: Coverage


@dataclass(frozen=True, slots=True)
class _Place:
    """A size of the curve: where it stands, as shares of width and height, and whether it is the recommended one."""

    point: SizePoint
    x: float
    y: float
    recommended: bool


@dataclass(frozen=True, slots=True)
class VocabularyPage:
    """What the page shows.

    Attributes
    ----------
    title : str
        Heading.
    compared : Sequence[Comparison]
        The vocabulary that is checked, then what it is compared with.
    curve : SizeCurve
        Sizes for this corpus.
    rare : Sequence[RarePiece]
        Pieces that occur less than ``rare_below`` times.
    rare_below : int
        The threshold.
    """

    title: str
    compared: Sequence[Comparison]
    curve: SizeCurve
    rare: Sequence[RarePiece]
    rare_below: int
    most_rare: int = 200
    enough_occurrences: int = ENOUGH_OCCURRENCES
    enough_share: float = ENOUGH_SHARE

    def render(self) -> str:
        """Return the page."""
        return render("vocabulary.html.j2", self)

    @property
    def language(self) -> str:
        """Language tag of pieces and lines: Amharic in Ethiopic, or in the phonetic alphabet (BCP 47)."""
        return "am-fonipa" if self.compared[0].vocabulary.units == "phones" else "am"

    @property
    def places(self) -> tuple[_Place, ...]:
        """Pieces a word over the logarithm of the size."""
        points = self.curve.points
        low, high = math.log(points[0].size), math.log(points[-1].size)
        top = max(point.pieces_per_word for point in points) or 1.0
        return tuple(
            _Place(
                point,
                x=(math.log(point.size) - low) / ((high - low) or 1.0),
                y=point.pieces_per_word / top,
                recommended=point.size == self.curve.recommended,
            )
            for point in points
        )

    @property
    def use(self) -> BarChart | None:
        """How often the pieces occur, the commonest first, on a logarithmic scale; a bar is a group of pieces."""
        counts = sorted((count for count in self.compared[0].measured.piece_counts if count), reverse=True)
        if not counts:
            return None
        size = math.ceil(len(counts) / _BARS)
        groups = [(start, counts[start : start + size]) for start in range(0, len(counts), size)]
        means = [sum(members) / len(members) for _, members in groups]
        return chart_heights(
            "Occurrences",
            f"of {len(counts)} pieces by rank, logarithmic; the commonest {counts[0]} times",
            [math.log1p(mean) for mean in means],
            [f"ranks {start + 1} to {start + len(some)}: {some[0]} to {some[-1]} times" for start, some in groups],
            [(rank / (len(groups) * size), f"{rank:g}") for rank in round_numbers(0.0, len(counts))],
            highest=shorten(round(means[0])),
        )
