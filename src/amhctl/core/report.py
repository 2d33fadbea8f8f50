"""What a workflow returns: a verdict, findings, values for scripts and lines for people."""

from collections.abc import Iterable
from typing import Protocol

from amhctl.core.findings import Finding


class Report(Protocol):
    """The result of one command. Concrete reports are frozen dataclasses in ``workflows``."""

    @property
    def ok(self) -> bool:
        """Whether the verdict is positive; False makes the exit code 1."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, in the order of inspection; empty where a command inspects nothing."""
        ...

    def payload(self) -> dict[str, object]:
        """Return the keys of ``--json`` beyond the common ones: JSON-serialisable values only."""
        ...

    def lines(self) -> Iterable[str]:
        """Return what a person reads on stdout, line by line, plain text. Findings are rendered by the CLI."""
        ...
