"""Findings of a page: how often each code occurs and what it means, and where. Knows nothing of what was checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from amhctl.core.findings import Finding, Rule, Severity

WEIGHTS = {Severity.ERROR: 100, Severity.WARNING: 10, Severity.INFO: 1}
_MOST = 200
Weighed = TypeVar("Weighed", Finding, Rule)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """A rule, how often it was broken, and the number of the first clip of the page that shows it (None: no clip)."""

    rule: Rule
    count: int
    clip: int | None = None


@dataclass(frozen=True, slots=True)
class FindingList:
    """Findings that are shown, errors first, and how many others there are."""

    shown: tuple[Finding, ...]
    others: int


def count_rules(
    counts: Mapping[str, int], rules: Iterable[Rule], clips: Mapping[str, int] | None = None
) -> tuple[RuleCount, ...]:
    """Return the rules that were broken, errors first, each with its count and the clip that shows it."""
    broken = sorted((rule for rule in rules if counts.get(rule.code)), key=lambda rule: rule.code)
    return tuple(RuleCount(rule, counts[rule.code], (clips or {}).get(rule.code)) for rule in by_weight(broken))


def list_findings(findings: Iterable[Finding], *, most: int = _MOST) -> FindingList:
    """Return the first findings by severity; those of one severity keep their order."""
    ordered = by_weight(findings)
    return FindingList(tuple(ordered[:most]), max(0, len(ordered) - most))


def by_weight(items: Iterable[Weighed]) -> Sequence[Weighed]:
    """Return findings or rules, errors first."""
    return sorted(items, key=lambda item: -WEIGHTS[item.severity])
