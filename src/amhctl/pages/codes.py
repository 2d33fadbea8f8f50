"""The page of a store's check: how its codes are used, and what was found. One HTML file, no scripts, no other files.

Shapes: ``Q codebooks, V codes of a codebook``.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from amhctl.codes.acoustic_checks import VoiceStatistics
from amhctl.codes.checks import CodeStatistics
from amhctl.codes.store import CodeStore
from amhctl.core.findings import Finding, Rule
from amhctl.pages.charts import BarChart, chart_heights, histogram
from amhctl.pages.findings import FindingList, RuleCount, count_rules, list_findings
from amhctl.pages.rendering import render

_BARS = 64


@dataclass(frozen=True, slots=True)
class DecodedSample:
    """One utterance decoded back, and how it compares with its recording.

    Attributes
    ----------
    id : str
        Its id.
    agreement : float
        Share of its first codes that encoding the recording again gives.
    mel_distance : float | None
        Mean absolute difference of natural log-mel spectra; None where the codec does not decode.
    pesq, stoi : float | None
        None there, and where the clip is too short or too quiet to be measured.
    """

    id: str
    agreement: float
    mel_distance: float | None
    pesq: float | None
    stoi: float | None


@dataclass(frozen=True, slots=True)
class CodesPage:
    """What the page shows.

    Attributes
    ----------
    store : CodeStore
        What was checked.
    statistics : CodeStatistics
        How its codes are used.
    samples : Sequence[DecodedSample]
        What was decoded back.
    found : Sequence[Finding]
        All that was found.
    rules : Sequence[Rule]
        Titles and explanations of the codes of findings.
    voices : Sequence[VoiceStatistics]
        What the acoustics of each speaker have in common, if there are any.
    """

    store: CodeStore
    statistics: CodeStatistics
    samples: Sequence[DecodedSample]
    found: Sequence[Finding]
    rules: Sequence[Rule]
    voices: Sequence[VoiceStatistics] = ()

    def render(self) -> str:
        """Return the page."""
        return render("codes.html.j2", self)

    @property
    def title(self) -> str:
        """Heading."""
        return f"Codes of {self.store.path.name}"

    @property
    def most_bits(self) -> float:
        """Bits a code if all occur equally often."""
        return math.log2(self.store.spec.codebook_size)

    @property
    def broken_rules(self) -> tuple[RuleCount, ...]:
        """What was found, by code."""
        return count_rules(Counter(finding.code for finding in self.found), self.rules)

    @property
    def findings(self) -> FindingList:
        """What was found, one by one."""
        return list_findings(self.found)

    @property
    def usage(self) -> Iterator[BarChart]:
        """How often the codes of each codebook occur, the most frequent first, in groups."""
        for book, counts_V in enumerate(self.statistics.counts_QV, start=1):
            ranked_V = np.sort(counts_V)[::-1]
            groups = [int(group.sum()) for group in np.array_split(ranked_V, min(_BARS, ranked_V.size))]
            total = max(1, int(ranked_V.sum()))
            yield chart_heights(
                f"Codebook {book}",
                f"{np.count_nonzero(ranked_V)} of {ranked_V.size} codes used",
                groups,
                [f"{count / total:.2%} of codes" for count in groups],
                ((0.08, "most frequent"), (1.0, "rarest")),
            )

    @property
    def lengths(self) -> BarChart | None:
        """Length of the codes of each utterance over that of its recording, where that is known."""
        ratios = self.statistics.length_ratios
        return histogram("Length of codes over length of audio", "", ratios, bars=_BARS) if ratios else None
