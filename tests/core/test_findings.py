"""Findings: what makes a verdict negative."""

import dataclasses

import pytest

from amhctl.core.findings import Finding, Severity, has_errors


def finding(severity: Severity) -> Finding:
    return Finding("D001", severity, "a", "it is wrong")


@pytest.mark.parametrize(
    ("severities", "negative"),
    [
        ((), False),
        ((Severity.WARNING, Severity.INFO), False),
        ((Severity.INFO, Severity.ERROR), True),
    ],
)
def test_errors_alone_make_a_verdict_negative(severities: tuple[Severity, ...], negative: bool) -> None:
    assert has_errors(tuple(finding(severity) for severity in severities)) is negative


def test_severities_are_the_words_of_the_contract() -> None:
    assert [str(severity) for severity in Severity] == ["error", "warning", "info"]


def test_a_finding_is_a_value() -> None:
    assert finding(Severity.INFO) == finding(Severity.INFO)
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding(Severity.INFO).code = "D002"  # type: ignore[misc]
