"""The page of a manifest check: counts, histograms, and the worst clips to listen to. One HTML file, no scripts.

The worst clips are inside the page, as the first seconds of each in MP3, so that the page can be sent alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.checks.manifest import ManifestCheck
from amhctl.checks.measurements import Measurements
from amhctl.checks.table import CheckTable
from amhctl.core.findings import Finding, Rule
from amhctl.corpus.records import Record, scan_manifest
from amhctl.pages.charts import BarChart, histogram
from amhctl.pages.findings import WEIGHTS, FindingList, RuleCount, by_weight, count_rules, list_findings
from amhctl.pages.players import Player, make_players
from amhctl.pages.rendering import render

WORST_CLIPS = 60
LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip of the page; without a player where its recording was not measured, or cannot be read any more."""

    record: Record
    findings: Sequence[Finding]
    measurements: Measurements | None
    player: Player | None = None

    @property
    def text(self) -> str:
        text = self.record.text
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    check: ManifestCheck
    rules: tuple[RuleCount, ...]
    charts: tuple[BarChart, ...]
    clips: Sequence[_Clip]
    other_clips: int
    general: FindingList


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
    clips, others = _worst_clips(check, manifest)
    first_clips: dict[str, int] = {}
    for place, clip in enumerate(clips, start=1):
        for finding in clip.findings:
            first_clips.setdefault(finding.code, place)
    ids = set(table.ids)
    view = _View(
        title=title,
        check=check,
        rules=count_rules(check.counts, rules, first_clips),
        charts=tuple(_distributions(table)),
        clips=clips,
        other_clips=others,
        general=list_findings(finding for finding in check.findings if finding.subject not in ids),
    )
    return render("manifest.html.j2", view)


def _distributions(table: CheckTable) -> Iterator[BarChart]:
    measured = [item for item in table.measurements if item]
    for name, unit, values in (
        ("Duration", "s", [item.duration for item in measured]),
        ("Speech level", "dBFS", [item.level for item in measured]),
        ("Signal-to-noise ratio", "dB", [item.snr for item in measured]),
        ("Speaking rate", "syllables/s", [rate for row in range(len(table)) if (rate := table.rate(row))]),
        ("Silence before", "s", [item.before for item in measured]),
        ("Silence after", "s", [item.after for item in measured]),
    ):
        if values:
            yield histogram(name, unit, values)


def _worst_clips(check: ManifestCheck, manifest: Path) -> tuple[list[_Clip], int]:
    """Return the clips to show, the worst first, and how many others have a finding."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in check.findings:
        found[finding.subject].append(finding)
    table = check.table
    rows = [row for row, name in enumerate(table.ids) if name in found]
    weights = {name: -sum(WEIGHTS[finding.severity] for finding in findings) for name, findings in found.items()}
    rows.sort(key=lambda row: weights[table.ids[row]])
    examples: dict[str, int] = {}
    for row in rows:
        for finding in found[table.ids[row]]:
            examples.setdefault(finding.code, row)
    # Of each code one clip at least, then the worst of all.
    chosen = set(list(dict.fromkeys([*examples.values(), *rows]))[:WORST_CLIPS])
    worst = [row for row in rows if row in chosen]
    records = _read_lines(manifest, [int(table.lines[row]) for row in worst])
    shown = [
        (record, table.measurements[row]) for row, record in zip(worst, records, strict=True) if record is not None
    ]
    players = make_players(shown, manifest.parent)
    clips = [
        _Clip(record, by_weight(found[record.id]), measured, player)
        for (record, measured), player in zip(shown, players, strict=True)
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
