"""Evaluations of many voices beside one another, as far as their reports can be understood. Measures nothing itself.

A report of another version of ``eval`` may lack metrics, have others, or write them differently. What is understood is
taken; what is not is named, and the rest of the report is still used.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.documents import read_json
from amhctl.core.errors import DocumentError, EvaluationError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.evaluation.goodness import goodness
from amhctl.evaluation.scorecard import KINDS, Better

RULES = Rules(
    Rule(
        "E020",
        Severity.WARNING,
        "report not on the leaderboard",
        "The file is no report of `eval --json` with at least one metric. The others are used.",
    ),
    Rule(
        "E021",
        Severity.WARNING,
        "metric not on the leaderboard",
        "A metric of the report has no number as its value. The other metrics are used.",
    ),
    Rule(
        "E022",
        Severity.WARNING,
        "voices measured on different test sets",
        "Figures of different sentences cannot be compared: each test set has its own table. Measure all voices on one "
        "set.",
    ),
    Rule(
        "E023",
        Severity.WARNING,
        "same voice twice on the leaderboard",
        "Two reports have the same weights and the same test set; both are shown.",
    ),
)
_HINT = "create one with: amhctl eval VOICE --set TEST.jsonl --json > eval.json"
_LONGEST_NAME = 120
_MOST_METRICS = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One metric of one voice.

    Attributes
    ----------
    value : float
        As measured.
    interval : tuple[float, float] | None
        95 % interval; None where the report has none.
    count : int | None
        Clips it rests on, if the report says so.
    """

    value: float
    interval: tuple[float, float] | None
    count: int | None

    @property
    def low(self) -> float:
        """Lower end of the interval, or the value."""
        return self.value if self.interval is None else self.interval[0]

    @property
    def high(self) -> float:
        """Upper end of the interval, or the value."""
        return self.value if self.interval is None else self.interval[1]


@dataclass(frozen=True, slots=True)
class Column:
    """A metric; ``better`` is None where nobody knows which way it improves."""

    name: str
    title: str
    better: Better | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The report of one voice.

    Attributes
    ----------
    path : Path
        The file.
    voice, test_set, version, machine, weights : str
        As the report says; empty where it does not.
    cells : Mapping[str, Cell]
        By metric.
    directions : Mapping[str, Better]
        Which way metrics improve, as the report says.
    clips : tuple[str, ...]
        Ids of its clips, in their order.
    page : str
        Its page, whose clips can be played; empty if it has none.
    """

    path: Path
    voice: str
    test_set: str
    version: str
    machine: str
    weights: str
    cells: Mapping[str, Cell]
    directions: Mapping[str, Better]
    clips: tuple[str, ...] = ()
    page: str = ""


def read_entry(path: Path) -> tuple[Entry, list[Finding]]:
    """Return the report in a file, and what was not understood of it.

    Raises
    ------
    EvaluationError
        If the file is no report of an evaluation, or has no metric.
    OSError
        If it cannot be read.
    """
    try:
        document = read_json(path)
    except DocumentError as error:
        raise EvaluationError(f"the file is {error.message}", subject=str(path), hint=_HINT) from error
    metrics = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("command") != "eval" or not isinstance(metrics, dict):
        raise EvaluationError("the file is no report of `amhctl eval`", subject=str(path), hint=_HINT)
    findings: list[Finding] = []
    cells, directions = {}, {}
    for name, value in list(metrics.items())[:_MOST_METRICS]:
        cell = _read_cell(value)
        if cell is None:
            findings.append(RULES.finding("E021", str(path), f"{name[:_LONGEST_NAME]!r} has no number as its value"))
            continue
        cells[name] = cell
        if (better := _read_direction(value)) is not None:
            directions[name] = better
    if not cells:
        raise EvaluationError("the report has no metrics", subject=str(path), hint=_HINT)
    texts = {key: _text(document.get(key)) for key in ("voice", "test_set", "version", "machine", "weights")}
    texts["voice"] = texts["voice"] or path.stem
    clips = _ids(document.get("utterances"))
    page = document.get("report")
    return Entry(
        path, **texts, cells=cells, directions=directions, clips=clips, page=page if isinstance(page, str) else ""
    ), findings


def columns_of(entries: Sequence[Entry]) -> tuple[Column, ...]:
    """Return all metrics of some entries: those that amhctl has in their order, then others by name."""
    present = {name for entry in entries for name in entry.cells}
    known = {kind.name: kind for kind in KINDS}
    columns = [Column(kind.name, kind.title, kind.better) for kind in KINDS if kind.name in present]
    for name in sorted(present - set(known)):
        said = {entry.directions[name] for entry in entries if name in entry.directions}
        columns.append(Column(name, name[:_LONGEST_NAME], said.pop() if len(said) == 1 else None))
    return tuple(columns)


def best_of(entries: Sequence[Entry], column: Column) -> tuple[bool, ...]:
    """Return for each entry whether it is the best in a metric, or its interval reaches into the best one's.

    Nobody is best where there is only one, or it is not known what is better.
    """
    measured = [entry.cells[column.name] for entry in entries if column.name in entry.cells]
    if len(measured) < 2 or column.better is None:
        return (False,) * len(entries)
    best = max(measured, key=lambda cell: goodness(cell.value, column.better))
    return tuple(
        (cell := entry.cells.get(column.name)) is not None and cell.low <= best.high and best.low <= cell.high
        for entry in entries
    )


def rank(entries: Sequence[Entry], column: Column) -> tuple[Entry, ...]:
    """Return the entries with the best in a metric first, those without it last."""

    def place(entry: Entry) -> tuple[bool, float, str]:
        cell = entry.cells.get(column.name)
        return cell is None, -goodness(cell.value, column.better) if cell else 0.0, entry.voice

    return tuple(sorted(entries, key=place))


def _read_cell(value: object) -> Cell | None:
    if not isinstance(value, dict) or (number := _number(value.get("value"))) is None:
        return None
    ends, count = value.get("ci95"), value.get("n")
    interval = None
    if isinstance(ends, list) and len(ends) == 2:
        low, high = _number(ends[0]), _number(ends[1])
        if low is not None and high is not None and low <= high:
            interval = (low, high)
    is_count = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    return Cell(number, interval, count if is_count else None)


def _read_direction(value: object) -> Better | None:
    said = value.get("better") if isinstance(value, dict) else None
    return next((better for better in Better if better == said), None)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    shown = "".join(letter if letter.isprintable() else " " for letter in value).strip()
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}…"


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_text(each.get("id")) if isinstance(each, dict) else "" for each in value)
