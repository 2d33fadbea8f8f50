"""A report of the test's choosing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from amhctl.core.findings import Finding
from amhctl.core.report import Report


@dataclass(frozen=True)
class StandInReport(Report):
    """What a workflow might return."""

    ok: bool = True
    findings: tuple[Finding, ...] = ()
    values: dict[str, object] = field(default_factory=dict)
    text: tuple[str, ...] = ()

    def payload(self) -> dict[str, object]:
        """Return the values."""
        return self.values

    def lines(self) -> Iterable[str]:
        """Return the text."""
        return self.text
