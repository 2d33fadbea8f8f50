"""The page of a store's check: how its codes are used, and what was found. One HTML file, no scripts, no other files.

Shapes: ``Q codebooks, V codes of a codebook``.
"""

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amhctl.codes.acoustic_checks import VoiceStatistics
from amhctl.codes.checks import CodeStatistics
from amhctl.codes.store import CodeStore
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.pages.frame import BarChart, draw, histogram, page

_BARS = 64
_MOST_FINDINGS = 200
_WEIGHTS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class DecodedSample:
    """One utterance decoded back, and how it compares with its recording.

    Attributes
    ----------
    id : str
        Its id.
    agreement : float
        Share of its first codes that encoding the recording again gives.
    mel_distance : float | None
        Mean absolute difference of natural log-mel spectra; None where the codec does not decode.
    pesq, stoi : float | None
        None there, and where the clip is too short or too quiet to be measured.
    """

    id: str
    agreement: float
    mel_distance: float | None
    pesq: float | None
    stoi: float | None


def render_report(
    store: CodeStore,
    statistics: CodeStatistics,
    samples: Sequence[DecodedSample],
    findings: Sequence[Finding],
    rules: Sequence[Rule],
    voices: Sequence[VoiceStatistics] = (),
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
    voices : Sequence[VoiceStatistics]
        What the acoustics of each speaker have in common, if there are any.
    """
    spec = store.spec
    seconds = statistics.frames / spec.frame_rate
    summary = (
        f"{len(store)} utterances, {seconds / 3600:.2f} h, {statistics.frames} frames of {spec.codebooks} codes by "
        f"{spec.name}; {statistics.repeats:.1%} of first codes repeat the one before; "
        f"{statistics.duplicates} duplicates"
    )
    sections = [
        f"<p>{html.escape(summary)}</p>",
        f"<h2>Findings</h2>{_rule_table(findings, rules)}",
        f"<h2>Codebooks</h2>{_codebook_table(statistics, spec.codebook_size)}",
        "<p>Each bar says how often a group of codes occurs, the most frequent first; evenly used codes make a level "
        "row.</p>",
        f'<div class="grid">{"".join(_usage_charts(statistics))}</div>',
        f"<h2>Lengths</h2><p>Each bar is a number of utterances.</p>"
        f'<div class="grid">{_length_chart(statistics.length_ratios)}</div>',
        *([f"<h2>Speakers</h2>{_voice_table(voices)}"] if voices else []),
        f"<h2>Decoded back</h2>{_sample_table(samples)}",
        f"<h2>Where</h2>{_finding_table(findings)}",
    ]
    return page(f"Codes of {store.path.name}", "".join(sections))


def _rule_table(findings: Sequence[Finding], rules: Sequence[Rule]) -> str:
    counts = Counter(finding.code for finding in findings)
    rows = [
        f'<tr><td class="code {rule.severity}">{rule.code} <small>{rule.severity}</small></td>'
        f'<td class="n">{counts[rule.code]}</td>'
        f"<td>{html.escape(rule.title)}<br><small>{html.escape(rule.explanation)}</small></td></tr>"
        for rule in sorted(rules, key=lambda rule: (_WEIGHTS[rule.severity], rule.code))
        if counts[rule.code]
    ]
    return f"<table>{''.join(rows)}</table>" if rows else "<p>Nothing was found.</p>"


def _codebook_table(statistics: CodeStatistics, size: int) -> str:
    most = float(np.log2(size))
    rows = [
        f'<tr><td>{book}</td><td class="n">{used:.1%}</td><td class="n">{bits:.2f} of {most:.0f}</td><td>'
        f'<svg viewBox="0 0 200 12" style="width:8rem"><rect width="{200 * bits / most:.1f}" height="12"/></svg>'
        "</td></tr>"
        for book, (used, bits) in enumerate(zip(statistics.usage, statistics.entropy, strict=True), start=1)
    ]
    head = '<tr><th>codebook</th><th class="n">codes used</th><th class="n">bits a code</th><th></th></tr>'
    return f'<div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _usage_charts(statistics: CodeStatistics) -> list[str]:
    charts = []
    for book, counts_V in enumerate(statistics.counts_QV, start=1):
        ranked = np.sort(counts_V)[::-1]
        groups = [int(group.sum()) for group in np.array_split(ranked, min(_BARS, ranked.size))]
        total = max(1, int(ranked.sum()))
        chart = BarChart(
            title=f"Codebook {book}",
            note=f"{np.count_nonzero(ranked)} of {ranked.size} codes used",
            heights=groups,
            labels=[f"{count / total:.2%} of codes" for count in groups],
            ticks=((0.08, "most frequent"), (1.0, "rarest")),
        )
        charts.append(draw(chart))
    return charts


def _length_chart(ratios: Sequence[float]) -> str:
    if not ratios:
        return "<p>No utterance says how long its recording is.</p>"
    return draw(histogram("Length of codes over length of audio", "", ratios, bars=_BARS))


def _voice_table(voices: Sequence[VoiceStatistics]) -> str:
    rows = [
        f'<tr><td>{html.escape(voice.speaker)}</td><td class="n">{voice.clips}</td>'
        f'<td class="n">{voice.voiced:.0%}</td>'
        f'<td class="n">{_number(voice.pitch)}</td><td class="n">{_number(voice.spread)}</td>'
        f'<td class="n">{voice.cohesion:.2f}</td></tr>'
        for voice in voices
    ]
    names = ("clips", "frames voiced", "mean pitch, Hz", "spread, semitones", "alike")
    head = "<tr><th>speaker</th>" + "".join(f'<th class="n">{name}</th>' for name in names)
    note = "<p><small>Alike: the mean cosine of the clips' speaker embeddings with their common direction.</small></p>"
    return f'<div class="wide"><table>{head}</tr>{"".join(rows)}</table></div>{note}'


def _sample_table(samples: Sequence[DecodedSample]) -> str:
    if not samples:
        return "<p>Nothing was decoded back.</p>"
    rows = [
        f'<tr><td>{html.escape(sample.id)}</td><td class="n">{sample.agreement:.1%}</td>'
        f'<td class="n">{_number(sample.pesq)}</td><td class="n">{_number(sample.stoi)}</td>'
        f'<td class="n">{_number(sample.mel_distance, digits=3)}</td></tr>'
        for sample in samples
    ]
    head = "<tr><th>utterance</th>" + "".join(
        f'<th class="n">{name}</th>' for name in ("first codes agree", "PESQ", "STOI", "mel distance")
    )
    return f'<div class="wide"><table>{head}</tr>{"".join(rows)}</table></div>'


def _finding_table(findings: Sequence[Finding]) -> str:
    rows = [
        f'<tr><td class="code {finding.severity}">{finding.code}</td><td>{html.escape(finding.subject)}</td>'
        f"<td>{html.escape(finding.message)}</td></tr>"
        for finding in sorted(findings, key=lambda finding: _WEIGHTS[finding.severity])[:_MOST_FINDINGS]
    ]
    rest = len(findings) - len(rows)
    note = f"<p><small>{rest} more are not shown.</small></p>" if rest else ""
    return f"<table>{''.join(rows)}</table>{note}" if rows else "<p>Nowhere.</p>"


def _number(value: float | None, *, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"
