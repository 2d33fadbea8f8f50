"""The page of a store's check: how its codes are used, and what was found. One HTML file, no scripts, no other files.

Shapes: ``Q codebooks, V codes of a codebook``.
"""

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amhctl.core.findings import Finding, Rule, Severity
from amhctl.data.codechecks import CodeStatistics
from amhctl.data.codestore import CodeStore

_BARS = 64
_WIDTH, _HEIGHT = 320.0, 90.0
_MOST_FINDINGS = 200
_WEIGHTS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
td.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2.5rem;font-size:1.1rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1.5rem}
figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}rect{fill:#3a7}text{font-size:9px;fill:#888}
.error{color:#c22}.warning{color:#a60}.info{color:#68a}small{color:#888}
"""


@dataclass(frozen=True, slots=True)
class DecodedSample:
    """One utterance decoded back, and how it compares with its recording.

    Attributes
    ----------
    id : str
        Its id.
    agreement : float
        Share of its first codes that encoding the recording again gives.
    mel_distance : float
        Mean absolute difference of natural log-mel spectra.
    pesq, stoi : float | None
        None where the clip is too short or too quiet to be measured.
    """

    id: str
    agreement: float
    mel_distance: float
    pesq: float | None
    stoi: float | None


def render_report(
    store: CodeStore,
    statistics: CodeStatistics,
    samples: Sequence[DecodedSample],
    findings: Sequence[Finding],
    rules: Sequence[Rule],
) -> str:
    """Return the page.

    Parameters
    ----------
    store : CodeStore
        What was checked.
    statistics : CodeStatistics
        How its codes are used.
    samples : Sequence[DecodedSample]
        What was decoded back.
    findings : Sequence[Finding]
        All that was found.
    rules : Sequence[Rule]
        Titles and explanations of the codes of findings.
    """
    spec = store.spec
    title = html.escape(f"Codes of {store.path.name}")
    seconds = statistics.frames / spec.frame_rate
    summary = (
        f"{len(store)} utterances, {seconds / 3600:.2f} h, {statistics.frames} frames of {spec.codebooks} codes by "
        f"{spec.name}; {statistics.repeats:.1%} of first codes repeat the one before; "
        f"{statistics.duplicates} duplicates"
    )
    sections = [
        f"<h1>{title}</h1><p>{html.escape(summary)}</p>",
        f"<h2>Findings</h2>{_rule_table(findings, rules)}",
        f"<h2>Codebooks</h2>{_codebook_table(statistics, spec.codebook_size)}",
        "<p>Each bar is a group of codes, the most frequent first; evenly used codes make a level row.</p>",
        f'<div class="grid">{"".join(_usage_figures(statistics))}</div>',
        f'<h2>Lengths</h2><div class="grid">{_length_figure(statistics.length_ratios)}</div>',
        f"<h2>Decoded back</h2>{_sample_table(samples)}",
        f"<h2>Where</h2>{_finding_table(findings)}",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{''.join(sections)}</body></html>\n"
    )


def _rule_table(findings: Sequence[Finding], rules: Sequence[Rule]) -> str:
    counts = Counter(finding.code for finding in findings)
    rows = [
        f'<tr><td class="{rule.severity}">{rule.code}</td><td class="n">{counts[rule.code]}</td>'
        f"<td>{html.escape(rule.title)}<br><small>{html.escape(rule.explanation)}</small></td></tr>"
        for rule in sorted(rules, key=lambda rule: (_WEIGHTS[rule.severity], rule.code))
        if counts[rule.code]
    ]
    return f"<table>{''.join(rows)}</table>" if rows else "<p>Nothing was found.</p>"


def _codebook_table(statistics: CodeStatistics, size: int) -> str:
    most = float(np.log2(size))
    rows = [
        f'<tr><td>{book}</td><td class="n">{used:.1%}</td><td class="n">{bits:.2f} of {most:.0f}</td><td>'
        f'<svg viewBox="0 0 200 12" style="width:12rem"><rect width="{200 * bits / most:.1f}" height="12"/></svg>'
        "</td></tr>"
        for book, (used, bits) in enumerate(zip(statistics.usage, statistics.entropy, strict=True), start=1)
    ]
    return f"<table><tr><th>codebook</th><th>codes used</th><th>bits a code</th><th></th></tr>{''.join(rows)}</table>"


def _usage_figures(statistics: CodeStatistics) -> list[str]:
    figures = []
    for book, counts_V in enumerate(statistics.counts_QV, start=1):
        ranked = np.sort(counts_V)[::-1]
        groups = [int(group.sum()) for group in np.array_split(ranked, min(_BARS, ranked.size))]
        total = max(1, int(ranked.sum()))
        titles = [f"{count / total:.2%} of codes" for count in groups]
        caption = f"Codebook {book} <small>{np.count_nonzero(ranked)} of {ranked.size} codes used</small>"
        figures.append(_figure(caption, groups, titles, ("most frequent", "", "rarest")))
    return figures


def _length_figure(ratios: Sequence[float]) -> str:
    if not ratios:
        return "<p>No utterance says how long its recording is.</p>"
    counts, edges = np.histogram(np.asarray(ratios, dtype=np.float64), bins=_BARS)
    titles = [f"{edges[n]:.4f} to {edges[n + 1]:.4f}: {count}" for n, count in enumerate(counts.tolist())]
    labels = (f"{edges[0]:.3f}", f"{(edges[0] + edges[-1]) / 2:.3f}", f"{edges[-1]:.3f}")
    return _figure("Length of codes over length of audio", counts.tolist(), titles, labels)


def _figure(caption: str, heights: Sequence[int], titles: Sequence[str], labels: tuple[str, str, str]) -> str:
    step, highest = _WIDTH / len(heights), max(1, *heights)
    bars = "".join(
        f'<rect x="{place * step:.1f}" y="{_HEIGHT * (1 - height / highest):.1f}" width="{step * 0.8:.1f}" '
        f'height="{_HEIGHT * height / highest:.1f}"><title>{html.escape(title)}</title></rect>'
        for place, (height, title) in enumerate(zip(heights, titles, strict=True))
    )
    places = ((0.0, "start"), (_WIDTH / 2, "middle"), (_WIDTH, "end"))
    words = "".join(
        f'<text x="{x:.0f}" y="{_HEIGHT + 12:.0f}" text-anchor="{anchor}">{html.escape(label)}</text>'
        for (x, anchor), label in zip(places, labels, strict=True)
    )
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT + 16:.0f}" role="img">{bars}{words}</svg></figure>'
    )


def _sample_table(samples: Sequence[DecodedSample]) -> str:
    if not samples:
        return "<p>Nothing was decoded back.</p>"
    rows = [
        f'<tr><td>{html.escape(sample.id)}</td><td class="n">{sample.agreement:.1%}</td>'
        f'<td class="n">{_number(sample.pesq)}</td><td class="n">{_number(sample.stoi)}</td>'
        f'<td class="n">{sample.mel_distance:.3f}</td></tr>'
        for sample in samples
    ]
    head = "<tr><th>utterance</th><th>first codes agree</th><th>PESQ</th><th>STOI</th><th>mel distance</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _finding_table(findings: Sequence[Finding]) -> str:
    rows = [
        f'<tr><td class="{finding.severity}">{finding.code}</td><td>{html.escape(finding.subject)}</td>'
        f"<td>{html.escape(finding.message)}</td></tr>"
        for finding in sorted(findings, key=lambda finding: _WEIGHTS[finding.severity])[:_MOST_FINDINGS]
    ]
    rest = len(findings) - len(rows)
    note = f"<p><small>{rest} more are not shown.</small></p>" if rest else ""
    return f"<table>{''.join(rows)}</table>{note}" if rows else "<p>Nowhere.</p>"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
