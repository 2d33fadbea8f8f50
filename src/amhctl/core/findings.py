"""A finding: one coded fault in the thing under inspection. Knows nothing of how it is shown."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, collected and reported with all the others.

    Attributes
    ----------
    code : str
        Stable code such as ``D014``; documented in ``docs/findings.md``.
    severity : Severity
        An error makes the verdict negative.
    subject : str
        The record, key, tensor or file it is about.
    message : str
        What is wrong, one sentence without a final full stop.
    hint : str
        What to do about it; empty if the message says it all.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one finding code means; files keep ``RULES`` of these beside their checks."""

    code: str
    severity: Severity
    title: str
    explanation: str


class Rules(tuple[Rule, ...]):
    """The rules of a file, which make its findings: a code has one severity, wherever it is found."""

    __slots__ = ()

    def __new__(cls, *rules: Rule) -> Self:
        """Return them in their order."""
        return super().__new__(cls, rules)

    def finding(self, code: str, subject: str, message: str, hint: str = "") -> Finding:
        """Return a finding with the severity of its rule.

        Raises
        ------
        KeyError
            If no rule has the code: a fault of the program.
        """
        for rule in self:
            if rule.code == code:
                return Finding(code, rule.severity, subject, message, hint)
        raise KeyError(code)


def has_errors(findings: tuple[Finding, ...]) -> bool:
    """Return whether any finding is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)
