"""Twin of ``pages/findings.py``."""

from amhctl.core.findings import Finding, Rule, Severity
from amhctl.pages.findings import count_rules, list_findings

RULES = (
    Rule("D003", Severity.INFO, "a notice", ""),
    Rule("D002", Severity.ERROR, "an error", ""),
    Rule("D001", Severity.ERROR, "another", ""),
    Rule("D004", Severity.ERROR, "never broken", ""),
)


def test_rules_that_were_broken_come_with_errors_first() -> None:
    counted = count_rules({"D003": 9, "D002": 1, "D001": 2, "D004": 0}, RULES, {"D002": 5})
    assert [(one.rule.code, one.count, one.clip) for one in counted] == [
        ("D001", 2, None), ("D002", 1, 5), ("D003", 9, None),
    ]  # fmt: skip


def test_findings_of_one_severity_keep_their_order_and_the_rest_is_counted() -> None:
    found = [Finding(f"D00{n}", severity, "x", "") for n, severity in enumerate([Severity.INFO, *[Severity.ERROR] * 3])]
    listed = list_findings(found, most=3)
    assert [finding.code for finding in listed.shown] == ["D001", "D002", "D003"]
    assert listed.others == 1
    assert list_findings(found).others == 0
