"""The page of a manifest check: counts, histograms, and the worst clips to listen to. One HTML file, no scripts.

The worst clips are inside the page, as the first seconds of each in MP3, so that the page can be sent alone.
"""

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.checks.manifest import ManifestCheck
from amhctl.checks.measurements import Measurements
from amhctl.checks.table import CheckTable
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.corpus.records import Record, scan_manifest
from amhctl.pages.frame import draw, histogram, page
from amhctl.pages.players import clip_pictures

WORST_CLIPS = 60
_MOST_GENERAL = 200
_LONGEST_TEXT = 600
_WEIGHTS = {Severity.ERROR: 100, Severity.WARNING: 10, Severity.INFO: 1}
_STYLE = """
table{width:100%}.clip{display:grid;grid-template-columns:minmax(0,22rem) minmax(0,1fr);gap:.3rem 1.5rem;
padding:1rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.clip h3{grid-column:1/-1;margin:0}.clip p{margin:0}.clip ul{list-style:none;margin:.4rem 0;padding:0}
.silence{fill:var(--line);opacity:.6}@media (max-width:44rem){.clip{grid-template-columns:minmax(0,1fr)}}
"""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A clip of the page."""

    record: Record
    findings: Sequence[Finding]
    measurements: Measurements | None


def render_report(title: str, check: ManifestCheck, rules: Sequence[Rule], *, manifest: Path) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
        Heading.
    check : ManifestCheck
        What was found.
    rules : Sequence[Rule]
        Titles and explanations of the codes.
    manifest : Path
        Where the manifest lies, from which recordings count.
    """
    table = check.table
    seconds = sum(measured.duration for measured in table.measurements if measured)
    clips, others = _worst_clips(check, manifest)
    sections = [
        f"<p>records: {len(table)}, hours: {seconds / 3600:.2f}, speakers: {len(table.speakers)}, "
        f"findings: {sum(check.counts.values())}</p>",
        f"<h2>Findings</h2>{_count_table(check.counts, rules, _first_places(clips))}",
        _distributions(table),
        f"<h2>Worst clips</h2>{_clip_list(clips, others, manifest.parent)}",
        _general_table(check),
    ]
    return page(title, "".join(sections), style=_STYLE)


def _count_table(counts: Mapping[str, int], rules: Sequence[Rule], places: Mapping[str, int]) -> str:
    rows = [
        f'<tr id="{rule.code}"><td class="code {rule.severity}">{rule.code} <small>{rule.severity}</small></td>'
        f'<td class="n">{_linked(counts[rule.code], places.get(rule.code))}</td>'
        f"<td>{html.escape(rule.title)}<br><small>{html.escape(rule.explanation)}</small></td></tr>"
        for rule in sorted(rules, key=lambda rule: (-_WEIGHTS[rule.severity], rule.code))
        if rule.code in counts
    ]
    if not rows:
        return "<p>Nothing was found.</p>"
    head = '<tr><th>code</th><th class="n">found</th><th>what it is</th></tr>'
    return f"<table>{head}{''.join(rows)}</table><p><small>A number leads to the first clip that is shown.</small></p>"


def _linked(count: int, place: int | None) -> str:
    return str(count) if place is None else f'<a href="#clip-{place}">{count}</a>'


def _first_places(clips: Sequence[_Shown]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, clip in enumerate(clips, start=1):
        for finding in clip.findings:
            places.setdefault(finding.code, place)
    return places


def _distributions(table: CheckTable) -> str:
    measured = [item for item in table.measurements if item]
    rates = [rate for row in range(len(table)) if (rate := table.rate(row))]
    charts = [
        draw(histogram(name, unit, values))
        for name, unit, values in (
            ("Duration", "s", [item.duration for item in measured]),
            ("Speech level", "dBFS", [item.level for item in measured]),
            ("Signal-to-noise ratio", "dB", [item.snr for item in measured]),
            ("Speaking rate", "syllables/s", rates),
            ("Silence before", "s", [item.before for item in measured]),
            ("Silence after", "s", [item.after for item in measured]),
        )
        if values
    ]
    if not charts:
        return ""
    return f'<h2>Distributions</h2><p>Each bar is a number of clips.</p><div class="grid">{"".join(charts)}</div>'


def _worst_clips(check: ManifestCheck, manifest: Path) -> tuple[list[_Shown], int]:
    """Return the clips to show, the worst first, and how many others have a finding."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in check.findings:
        found[finding.subject].append(finding)
    table = check.table
    rows = [row for row, name in enumerate(table.ids) if name in found]
    weights = {name: -sum(_WEIGHTS[finding.severity] for finding in findings) for name, findings in found.items()}
    rows.sort(key=lambda row: weights[table.ids[row]])
    examples: dict[str, int] = {}
    for row in rows:
        for finding in found[table.ids[row]]:
            examples.setdefault(finding.code, row)
    # Of each code one clip at least, then the worst of all.
    chosen = set(list(dict.fromkeys([*examples.values(), *rows]))[:WORST_CLIPS])
    worst = [row for row in rows if row in chosen]
    records = _read_lines(manifest, [int(table.lines[row]) for row in worst])
    clips = [
        _Shown(record, found[record.id], table.measurements[row])
        for row, record in zip(worst, records, strict=True)
        if record is not None
    ]
    return clips, len(rows) - len(clips)


def _read_lines(manifest: Path, numbers: Sequence[int]) -> list[Record | None]:
    """Return the records of some lines; None for one that is none any more."""
    wanted: dict[int, Record | None] = dict.fromkeys(numbers)
    if wanted:
        last = max(wanted)
        for line in scan_manifest(manifest):
            if line.number in wanted:
                wanted[line.number] = line.record
            if line.number >= last:
                break
    return [wanted[number] for number in numbers]


def _clip_list(clips: Sequence[_Shown], others: int, folder: Path) -> str:
    if not clips:
        return "<p>No clip has a finding.</p>"
    pictures = clip_pictures([(clip.record, clip.measurements) for clip in clips], folder)
    shown = [_clip(place, *both) for place, both in enumerate(zip(clips, pictures, strict=True), start=1)]
    note = f"<p><small>{others} more are not shown.</small></p>" if others else ""
    explained = (
        "<p>Of each code one at least; errors weigh more than warnings. Silence at the edges is shaded; the peak has "
        "the full height.</p>"
    )
    return f"{explained}{''.join(shown)}{note}"


def _clip(place: int, clip: _Shown, picture: str) -> str:
    said = "".join(
        f'<li><a class="{finding.severity}" href="#{finding.code}">{finding.code}</a> {html.escape(finding.message)}'
        "</li>"
        for finding in sorted(clip.findings, key=lambda finding: -_WEIGHTS[finding.severity])
    )
    text = clip.record.text
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
    return (
        f'<article class="clip" id="clip-{place}"><h3>{html.escape(clip.record.id)}</h3><div>{picture}</div>'
        f'<div><p class="am" lang="am">{html.escape(shown)}</p><ul>{said}</ul></div></article>\n'
    )


def _general_table(check: ManifestCheck) -> str:
    ids = set(check.table.ids)
    general = [finding for finding in check.findings if finding.subject not in ids]
    rows = [
        f'<tr><td class="code"><a class="{finding.severity}" href="#{finding.code}">{finding.code}</a></td>'
        f'<td>{html.escape(finding.subject)}</td><td class="am">{html.escape(finding.message)}</td></tr>'
        for finding in general[:_MOST_GENERAL]
    ]
    rest = len(general) - len(rows)
    note = f"<p><small>{rest} more are not shown.</small></p>" if rest else ""
    return f"<h2>Lines, speakers and texts</h2><table>{''.join(rows)}</table>{note}" if rows else ""
