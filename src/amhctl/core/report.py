"""What a workflow returns: a verdict, findings, values for scripts and lines for people."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from amhctl.core.findings import Finding, has_errors


class Report(ABC):
    """The result of one command, done: a frozen dataclass in ``workflows``, with a field ``findings``."""

    __slots__ = ()

    if TYPE_CHECKING:
        # At runtime a dataclass would take an inherited property for the default of its field.
        @property
        def findings(self) -> tuple[Finding, ...]:
            """Every finding, in the order of inspection."""
            ...

    @property
    def ok(self) -> bool:
        """Whether the verdict is positive; False makes the exit code 1. A command that judges nothing is done."""
        return True

    @abstractmethod
    def payload(self) -> dict[str, object]:
        """Return the keys of ``--json`` beyond the common ones: JSON-serialisable values only."""

    @abstractmethod
    def lines(self) -> Iterable[str]:
        """Return what a person reads on stdout, line by line, plain text. Findings are rendered by the CLI."""


class PlainReport(Report):
    """The result of a command that inspects nothing: it has no findings."""

    __slots__ = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """None."""
        return ()


class Verdict(Report):
    """The result of a command that judges: positive unless a finding is an error."""

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not has_errors(self.findings)
