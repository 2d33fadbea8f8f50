"""What was found in a text, as programs read it: objects of an event or an answer, and headers of a sound file.

Headers go out with the first byte: they hold what is known by then, such as all that is wrong with markup.
"""

import json
from collections.abc import Iterable, Sequence

from amhctl.core.findings import Finding
from amhctl.service.access import FINDINGS_COUNT_HEADER, FINDINGS_HEADER

# Clients and proxies take 8 KiB of headers, or 4 KiB.
_MOST_BYTES = 2_000
_LONGEST = 200


def told_of(finding: Finding) -> dict[str, str]:
    """Return a finding as JSON values; a hint at an option of the command line is left out."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "hint": "" if "--" in finding.hint else finding.hint,
    }


def headers_of(findings: Sequence[Finding]) -> dict[str, str]:
    """Return the headers that say what was found: as much of it as fits, a JSON list in ASCII, and how much it is."""
    if not findings:
        return {}
    return {FINDINGS_HEADER: f"[{', '.join(_fitting(findings))}]", FINDINGS_COUNT_HEADER: str(len(findings))}


def _fitting(findings: Sequence[Finding]) -> Iterable[str]:
    length = 0
    for finding in findings:
        written = json.dumps({name: value[:_LONGEST] for name, value in told_of(finding).items()})
        length += len(written) + 2
        if length > _MOST_BYTES:
            return
        yield written
