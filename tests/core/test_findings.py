"""Findings: what makes a verdict negative."""

import dataclasses

import pytest

from amhctl.core.findings import Finding, Rule, Rules, Severity, has_errors


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


def test_a_rule_gives_its_findings_their_severity() -> None:
    rules = Rules(
        Rule("D001", Severity.ERROR, "gone", "The file is gone."), Rule("D002", Severity.INFO, "here", "It is here.")
    )
    assert [rule.code for rule in rules] == ["D001", "D002"]
    assert rules.finding("D002", "a.wav", "it is here", "be glad") == Finding(
        "D002", Severity.INFO, "a.wav", "it is here", "be glad"
    )
    assert rules.finding("D001", "a.wav", "it is gone").hint == ""
    with pytest.raises(KeyError):
        rules.finding("D003", "a.wav", "unheard of")
