"""The page of a manifest check: counts, histograms, and the worst clips to listen to. One HTML file, no scripts.

The worst clips are inside the page, as the first seconds of each in MP3, so that the page can be sent alone.
"""

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.core.findings import Finding, Rule, Severity
from amhctl.data.checks import ManifestCheck
from amhctl.data.checktable import CheckTable
from amhctl.data.clippicture import clip_picture
from amhctl.data.records import Record, scan_manifest

_WORST_CLIPS = 60
_BARS = 40
_WEIGHTS = {Severity.ERROR: 100, Severity.WARNING: 10, Severity.INFO: 1}
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
td.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2.5rem;font-size:1.1rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1.5rem}
figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}rect{fill:#3a7}text{font-size:9px;fill:#888}
.error{color:#c22}.warning{color:#a60}.info{color:#68a}audio{width:18rem}path{fill:#3a7}.am{font-size:1.1rem}small{color:#888}
"""


@dataclass(frozen=True, slots=True)
class _Histogram:
    title: str
    unit: str
    values: Sequence[float]


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
    summary = (
        f"{len(table)} records, {seconds / 3600:.2f} h, {len(table.speakers)} speakers, "
        f"{sum(check.counts.values())} findings"
    )
    sections = [
        f"<h1>{html.escape(title)}</h1><p>{summary}</p>",
        f"<h2>Findings</h2>{_count_table(check.counts, rules)}",
        f'<h2>Distributions</h2><div class="grid">{"".join(map(_figure, _histograms(table)))}</div>',
        f"<h2>Worst clips</h2>{_clip_table(check, manifest)}",
        _general_table(check),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{''.join(sections)}</body></html>\n"
    )


def _count_table(counts: Mapping[str, int], rules: Sequence[Rule]) -> str:
    rows = [
        f'<tr><td class="{rule.severity}">{rule.code}</td><td class="n">{counts.get(rule.code, 0)}</td>'
        f"<td>{html.escape(rule.title)}<br><small>{html.escape(rule.explanation)}</small></td></tr>"
        for rule in sorted(rules, key=lambda rule: (-_WEIGHTS[rule.severity], rule.code))
        if rule.code in counts
    ]
    return f"<table>{''.join(rows)}</table>" if rows else "<p>Nothing was found.</p>"


def _histograms(table: CheckTable) -> tuple[_Histogram, ...]:
    measured = [item for item in table.measurements if item]
    rates = [rate for row in range(len(table)) if (rate := table.rate(row))]
    return (
        _Histogram("Duration", "s", [item.duration for item in measured]),
        _Histogram("Speech level", "dBFS", [item.level for item in measured]),
        _Histogram("Signal-to-noise ratio", "dB", [item.snr for item in measured]),
        _Histogram("Speaking rate", "syllables/s", rates),
        _Histogram("Silence before", "s", [item.before for item in measured]),
        _Histogram("Silence after", "s", [item.after for item in measured]),
    )


def _figure(histogram: _Histogram) -> str:
    if not histogram.values:
        return ""
    values = np.asarray(histogram.values, dtype=np.float64)
    counts, edges = np.histogram(values, bins=_BARS)
    width, height = 320.0, 90.0
    step = width / _BARS
    bars = "".join(
        f'<rect x="{index * step:.1f}" y="{height * (1 - count / counts.max()):.1f}" width="{step - 1:.1f}" '
        f'height="{height * count / counts.max():.1f}"><title>{edges[index]:.2f} to {edges[index + 1]:.2f} '
        f"{histogram.unit}: {count}</title></rect>"
        for index, count in enumerate(counts.tolist())
    )
    labels = "".join(
        f'<text x="{x}" y="{height + 12}" text-anchor="{anchor}">{value:.1f}</text>'
        for x, anchor, value in (
            (0, "start", edges[0]),
            (width / 2, "middle", (edges[0] + edges[-1]) / 2),
            (width, "end", edges[-1]),
        )
    )
    median = float(np.median(values))
    return (
        f"<figure><figcaption>{histogram.title} <small>{histogram.unit}, median {median:.2f}</small></figcaption>"
        f'<svg viewBox="0 0 {width:.0f} {height + 16:.0f}" role="img">{bars}{labels}</svg></figure>'
    )


def _clip_table(check: ManifestCheck, manifest: Path) -> str:
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in check.findings:
        found[finding.subject].append(finding)
    rows = [row for row, name in enumerate(check.table.ids) if name in found]
    weights = {name: -sum(_WEIGHTS[finding.severity] for finding in findings) for name, findings in found.items()}
    worst = sorted(rows, key=lambda row: weights[check.table.ids[row]])[:_WORST_CLIPS]
    records = _read_lines(manifest, [int(check.table.lines[row]) for row in worst])
    shown = [
        _clip_row(record, found[record.id], manifest, audible=check.table.measurements[row] is not None)
        for row, record in zip(worst, records, strict=True)
        if record is not None
    ]
    note = f"<p><small>{len(rows) - len(shown)} more are not shown.</small></p>" if len(rows) > len(shown) else ""
    return f"<table>{''.join(shown)}</table>{note}" if shown else "<p>No clip has a finding.</p>"


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


def _clip_row(record: Record, findings: Sequence[Finding], manifest: Path, *, audible: bool) -> str:
    said = "<br>".join(
        f'<span class="{finding.severity}">{finding.code}</span> {html.escape(finding.message)}' for finding in findings
    )
    return (
        f"<tr><td>{html.escape(record.id)}<br>{clip_picture(record, manifest.parent) if audible else ''}</td>"
        f'<td><span class="am" lang="am">{html.escape(record.text)}</span><br>{said}</td></tr>'
    )


def _general_table(check: ManifestCheck) -> str:
    ids = set(check.table.ids)
    rows = [
        f'<tr><td class="{finding.severity}">{finding.code}</td><td>{html.escape(finding.subject)}</td>'
        f"<td>{html.escape(finding.message)}</td></tr>"
        for finding in check.findings
        if finding.subject not in ids
    ]
    return f"<h2>Lines and speakers</h2><table>{''.join(rows)}</table>" if rows else ""
