"""The word lists of the rules, as files that a linguist can edit. Knows no rule.

A list is a file of ``tables/``: UTF-8, one entry a line, its columns set apart by tabs: what is written (or the name
that a rule has for it), how it is spoken, and perhaps a note (a source, a doubt). The first line names the columns:
``written``, ``spoken``, ``note``. Empty lines and lines that begin with ``# `` are skipped. An entry that stands
twice is refused.
"""

from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import TextError

FOLDER = Path(__file__).parent / "tables"
HEADER = ("written", "spoken", "note")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: what is written, how it is spoken, and what is to be said about it."""

    written: str
    spoken: str
    note: str = ""


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return the entries of a list in the order of the file.

    Raises
    ------
    TextError
        If the file cannot be read, or a line of it is not an entry or stands twice.
    """
    entries: dict[str, Entry] = {}
    for number, line in enumerate(_read_lines(path), start=1):
        cells = tuple(line.split("\t"))
        if number == 1:
            if cells != HEADER:
                _refuse(path, number, f"the first line must be {' '.join(HEADER)}, separated by tabs")
            continue
        if not line or line.startswith("# "):
            continue
        if len(cells) not in (2, 3):
            _refuse(path, number, f"{len(cells)} columns instead of two or three")
        entry = Entry(*cells)
        if not entry.written or any(cell != cell.strip() for cell in cells):
            _refuse(path, number, "an empty first column, or spaces around a column")
        if entry.written in entries:
            _refuse(path, number, f"{entry.written} occurs twice")
        entries[entry.written] = entry
    return tuple(entries.values())


def read_words(name: str) -> dict[str, str]:
    """Return a list of the package as a table, written to spoken.

    Every command that reads text waits for these: their lines are not checked again, as `read_entries` does it in a
    test of each list.

    Raises
    ------
    TextError
        If the list cannot be read.
    """
    rows = (line.split("\t", 2) for line in _read_lines(FOLDER / f"{name}.tsv")[1:] if line and line[:2] != "# ")
    return {row[0]: row[1] for row in rows}


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"the table cannot be read: {error}", subject=str(path), hint="install amhctl again") from error


def _refuse(path: Path, line: int, reason: str) -> None:
    raise TextError(f"the table has a faulty line: {reason}", subject=f"{path}:{line}", hint="correct the line")
