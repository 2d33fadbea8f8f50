"""``amhctl leaderboard``: evaluations of many voices on one page."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from amhctl.core.errors import EvaluationError, OptionError
from amhctl.core.files import atomic_folder, write_text_atomically
from amhctl.core.findings import Finding
from amhctl.core.outputs import PAGE, require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.evaluation.leaderboard import RULES, Column, Entry, columns_of, rank, read_entry
from amhctl.pages.evaluation import CLIPS, clips_folder
from amhctl.pages.leaderboard import Board, LeaderboardPage, Sample

_MOST_FILES = 500
_FIRST_CHOICE = ("character_error_rate", "text_match")


@dataclass(frozen=True, slots=True)
class LeaderboardRequest:
    """What ``amhctl leaderboard`` was asked.

    Attributes
    ----------
    reports : tuple[Path, ...]
        Outputs of ``eval --json``, and folders of these.
    output : Path
        The page.
    title : str
        Its heading.
    sort : str | None
        Metric by which voices are ranked; None: character error rate, else text match, else the first that all have.
    samples : int
        Sentences with players in each table.
    force : bool
        Whether an existing page may be replaced.
    """

    reports: tuple[Path, ...]
    output: Path
    title: str = "Leaderboard"
    sort: str | None = None
    samples: int = 3
    force: bool = False


@dataclass(frozen=True, slots=True)
class LeaderboardReport(Report):
    """The page, and what is on it."""

    page: Path
    boards: tuple[Board, ...]
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        """Return the voices of each test set, as they are ranked."""
        return {
            "page": str(self.page),
            "boards": [
                {
                    "test_set": board.test_set,
                    "voices": [entry.voice for entry in board.entries],
                    "reports": [str(entry.path) for entry in board.entries],
                    "metrics": [column.name for column in board.columns],
                    "samples": len(board.samples),
                }
                for board in self.boards
            ],
        }

    def lines(self) -> Iterable[str]:
        """Return a line for each test set."""
        for board in self.boards:
            voices = ", ".join(entry.voice for entry in board.entries)
            yield f"{board.test_set or '(no name)'}: {voices}; {len(board.columns)} metrics"
        yield f"page: {self.page}"


def run(request: LeaderboardRequest, progress: Progress) -> LeaderboardReport:
    """Write the page.

    Raises
    ------
    EvaluationError
        If none of the files is a report of an evaluation.
    OptionError
        If no report has the metric to sort by.
    FileExistsRefused
        If the page exists and is not to be replaced.
    """
    folder = clips_folder(request.output)
    require_output_file(request.output, PAGE, force=request.force, sources=request.reports)
    require_output_folder(folder, CLIPS, force=request.force, sources=request.reports)
    findings: list[Finding] = []
    entries = _read(_listed(request.reports), findings)
    if request.sort is not None and not any(request.sort in entry.cells for entry in entries):
        names = ", ".join(column.name for column in columns_of(entries))
        raise OptionError(f"no report has the metric {request.sort!r}", subject="--sort", hint=f"metrics: {names}")
    findings += _about(entries)
    sets = sorted({entry.test_set for entry in entries})
    boards = [_board([each for each in entries if each.test_set == name], name, request.sort) for name in sets]
    clips = [_clips_of(board, request.samples) for board in boards]
    if any(clips):
        require_output_folder(
            folder, CLIPS, force=request.force, sources=[path for each in clips for path in _paths(each)]
        )
        with atomic_folder(folder) as temporary:
            boards = [
                _with_samples(board, each, temporary, folder.name) for board, each in zip(boards, clips, strict=True)
            ]
    page = LeaderboardPage(request.title, boards, folder.name if any(clips) else "")
    write_text_atomically(request.output, page.render())
    return LeaderboardReport(request.output, tuple(boards), tuple(findings))


@dataclass(frozen=True, slots=True)
class _Clips:
    """The files of one sentence: its recording, and each voice's speech."""

    id: str
    natural: Path | None
    spoken: tuple[tuple[Path, Path], ...]
    """Report and file."""


def _listed(reports: Sequence[Path]) -> list[Path]:
    listed: list[Path] = []
    for path in reports:
        if not path.exists():
            raise EvaluationError("there is no such file or folder", subject=str(path), hint="check the path")
        listed += sorted(path.glob("*.json")) if path.is_dir() else [path]
    if len(listed) > _MOST_FILES:
        raise EvaluationError(f"{len(listed)} files; at most {_MOST_FILES} are shown", subject=str(reports[0]))
    return list(dict.fromkeys(listed))


def _read(paths: Sequence[Path], findings: list[Finding]) -> list[Entry]:
    entries = []
    for path in paths:
        try:
            entry, found = read_entry(path)
        except (EvaluationError, OSError) as fault:
            message = fault.message if isinstance(fault, EvaluationError) else str(fault.strerror or fault)
            findings.append(RULES.finding("E020", str(path), message))
            continue
        entries.append(entry)
        findings += found
    if not entries:
        raise EvaluationError(
            "none of the files is a report of `amhctl eval`",
            subject=", ".join(map(str, paths[:3])),
            hint="create one with: amhctl eval VOICE --set TEST.jsonl --json > eval.json",
            findings=tuple(findings),
        )
    return entries


def _about(entries: Sequence[Entry]) -> list[Finding]:
    findings = []
    sets = sorted({entry.test_set for entry in entries})
    if len(sets) > 1:
        findings.append(RULES.finding("E022", "leaderboard", ", ".join(name or "(no name)" for name in sets[:5])))
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        same = first.setdefault((entry.weights, entry.test_set), entry)
        if same is not entry and entry.weights:
            findings.append(RULES.finding("E023", str(entry.path), f"the same weights as in {same.path}"))
    return findings


def _board(entries: Sequence[Entry], name: str, sort: str | None) -> Board:
    columns = columns_of(entries)
    return Board(name, rank(entries, _chosen(entries, columns, sort)), columns, ())


def _chosen(entries: Sequence[Entry], columns: Sequence[Column], sort: str | None) -> Column:
    """Return the metric by which voices are ranked."""
    by_name = {column.name: column for column in columns}
    everywhere = [column.name for column in columns if all(column.name in entry.cells for entry in entries)]
    for name in (sort or "", *(each for each in _FIRST_CHOICE if each in everywhere), *everywhere):
        if name in by_name:
            return by_name[name]
    return columns[0]


def _clips_of(board: Board, most: int) -> list[_Clips]:
    """Return the sentences that most voices have clips of, spread over the set."""
    found: dict[str, dict[Path, Path]] = {}
    natural: dict[str, Path] = {}
    for entry in board.entries:
        folder = _folder_of(entry)
        if folder is None:
            continue
        for number, name in enumerate(entry.clips):
            spoken, recording = (folder / f"{number:03d}-{label}.flac" for label in ("synthesised", "natural"))
            if name and spoken.is_file():
                found.setdefault(name, {})[entry.path] = spoken
                if recording.is_file():
                    natural.setdefault(name, recording)
    most_voices = max((len(each) for each in found.values()), default=0)
    names = sorted(name for name, spoken in found.items() if len(spoken) == most_voices)
    step = max(1, len(names) // most) if most else 1
    chosen = names[::step][:most]
    return [_Clips(name, natural.get(name), tuple(found[name].items())) for name in chosen]


def _folder_of(entry: Entry) -> Path | None:
    """Return the folder of clips of a report: as it was given to ``eval``, or beside the report."""
    if not entry.page or "\0" in entry.page:
        return None
    given = Path(entry.page)
    for page in (given, entry.path.parent / given, entry.path.parent / given.name):
        try:
            if page.name and (folder := clips_folder(page)).is_dir():
                return folder
        except OSError:
            continue
    return None


def _paths(clips: Sequence[_Clips]) -> list[Path]:
    return [path for each in clips for _, path in each.spoken] + [each.natural for each in clips if each.natural]


def _with_samples(board: Board, clips: Sequence[_Clips], folder: Path, address: str) -> Board:
    """Return a board with its samples, whose files are copied into a folder that the page finds at an address."""

    def copy(path: Path, label: str) -> str:
        name = f"{len(list(folder.iterdir())):03d}-{label}.flac"
        shutil.copyfile(path, folder / name)
        return quote(f"{address}/{name}")

    samples = []
    for each in clips:
        natural = copy(each.natural, "natural") if each.natural else ""
        samples.append(Sample(each.id, natural, {report: copy(path, "synthesised") for report, path in each.spoken}))
    return Board(board.test_set, board.entries, board.columns, tuple(samples))
