"""Reports and errors, as lines for people or as one JSON object for scripts."""

from collections.abc import Iterable

from amhctl import __version__
from amhctl.cli.console import Console
from amhctl.core.errors import AmhctlError
from amhctl.core.findings import Finding, Severity
from amhctl.core.report import Report

_SHOWN_FINDINGS = 200


def render_report(command: str, report: Report, console: Console, *, summary: bool = False) -> None:
    """Write a report: one JSON object, or its lines and findings.

    The bytes of a report that has them go out as they are, while they are made; its findings go where people read. So
    do those that a report keeps ``aside``, because they are about what was given and not about what was made of it. A
    ``summary`` of what was written is for people: a quiet command that has succeeded leaves it out.
    """
    raw = getattr(report, "raw", None)
    if raw is not None:
        for content in (raw,) if isinstance(raw, bytes) else raw:
            console.raw(content)
        for line in _finding_lines(report.findings, verbose=console.verbose > 0):
            console.talk(line)
        return
    if console.json:
        # Some reports do their reading here: their findings are known after it.
        payload = report.payload()
        document = {
            "command": command,
            "version": __version__,
            "ok": report.ok,
            "findings": [_finding_document(finding) for finding in report.findings],
            **payload,
        }
        console.document(document)
        return
    if summary and console.quiet and report.ok:
        return
    for line in report.lines():
        console.data(line)
    aside: tuple[Finding, ...] = getattr(report, "aside", ())
    found = tuple(finding for finding in report.findings if finding not in aside)
    for line in _finding_lines(found, verbose=console.verbose > 0):
        console.data(line)
    for line in _finding_lines(aside, verbose=console.verbose > 0):
        console.talk(line)


def render_error(command: str, error: AmhctlError, console: Console, *, kind: str = "") -> None:
    """Write an error: what happened, where, what to do; ``kind`` is its type where the class does not tell."""
    if console.json and console.has_reader:
        document = {
            "command": command,
            "version": __version__,
            "ok": False,
            "error": {
                "type": kind or type(error).__name__,
                "message": error.message,
                "where": error.subject,
                "hint": error.hint,
            },
        }
        if error.findings:
            document["findings"] = [_finding_document(finding) for finding in error.findings]
        try:
            console.document(document)
        except OSError:
            # The object has no reader or no room; what is left is to tell a person.
            console.abandon_data()
        else:
            return
    for line in _finding_lines(error.findings, verbose=console.verbose > 0):
        console.complain(line)
    console.complain(f"error: {error}")
    if error.hint:
        console.complain(f"hint: {error.hint}")


def _finding_document(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "hint": finding.hint,
    }


def _finding_lines(findings: tuple[Finding, ...], *, verbose: bool) -> Iterable[str]:
    order = list(Severity)
    ranked = sorted(findings, key=lambda finding: (order.index(finding.severity), finding.code, finding.subject))
    shown = ranked if verbose else ranked[:_SHOWN_FINDINGS]
    for finding in shown:
        yield f"{finding.severity.value:<7}  {finding.code}  {finding.subject}: {finding.message}"
        if finding.hint:
            yield f"         hint: {finding.hint}"
    if len(shown) < len(ranked):
        yield f"… and {len(ranked) - len(shown)} more; -v shows all, --json lists them for scripts"
