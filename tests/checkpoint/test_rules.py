from amhctl.checkpoint import signature
from amhctl.checkpoint.rules import RULES


def test_the_codes_of_the_rules_are_unique_and_in_order() -> None:
    names = [rule.code for rule in RULES]
    assert names == sorted(set(names))
    assert not {rule.code for rule in signature.RULES} & set(names)


def test_a_finding_has_the_severity_of_its_rule() -> None:
    for rule in RULES:
        assert RULES.finding(rule.code, "x", "y").severity == rule.severity
