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
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"the table cannot be read: {error}", subject=str(path), hint="install amhctl again") from error
    entries: dict[str, Entry] = {}
    for number, line in enumerate(content.split("\n"), start=1):
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

    Raises
    ------
    TextError
        As `read_entries`.
    """
    return {entry.written: entry.spoken for entry in read_entries(FOLDER / f"{name}.tsv")}


def _refuse(path: Path, line: int, reason: str) -> None:
    raise TextError(f"the table has a faulty line: {reason}", subject=f"{path}:{line}", hint="correct the line")
