"""What a command may write, decided before it begins: one answer for every file and every folder.

A place that could not be written is refused, whatever it is: a folder where a file is wanted or the other way round, a
pipe, links that lead in a circle, a name that is too long, a folder in which nothing can be made.

What is at the place is replaced only with ``--force``, and only if it is

* an earlier output of the same kind: a file that begins like one, a folder that has the kind's marker and nothing that
  the kind has not. An empty file or folder is nothing, and may be replaced as well;
* nothing that the command reads: not a source, nothing inside of one, no folder that holds one or that one links into.

Each room describes the kinds that it writes.
"""

import errno
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from amhctl.core.documents import read_json
from amhctl.core.errors import FileExistsRefused
from amhctl.core.files import follow, recover_folder
from amhctl.core.lock import LOCK_FILE
from amhctl.core.temporaries import is_temporary, sweep

_LONGEST_HEAD = 512
_LONGEST_MARKER = 64 << 20
_OTHER_PATH = "choose another path"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that amhctl writes.

    Attributes
    ----------
    name : str
        What it is, with its article: "a page".
    begins : re.Pattern[bytes]
        How such a file begins.
    """

    name: str
    begins: re.Pattern[bytes]

    def recognises(self, path: Path) -> bool:
        """Return whether a file is of this kind, or empty."""
        with path.open("rb") as stream:
            head = stream.read(_LONGEST_HEAD)
        return not head or self.begins.match(head) is not None


@dataclass(frozen=True, slots=True)
class FolderKind:
    """A kind of folder that amhctl writes.

    Attributes
    ----------
    name : str
        What it is, with its article: "a checkpoint".
    marker : str
        The file by which it is known; empty if there is none, and ``members`` alone tell.
    keys : frozenset[str]
        Keys of the JSON object in that file; none if it holds no such object.
    members : tuple[str, ...] | None
        Patterns of all that may be in it; None where nothing else is touched, so that anything may.
    """

    name: str
    marker: str = ""
    keys: frozenset[str] = frozenset()
    members: tuple[str, ...] | None = None

    def recognises(self, folder: Path) -> bool:
        """Return whether a folder has the marker of this kind."""
        path = folder / self.marker
        if not self.marker:
            return True
        if not path.is_file() or path.stat().st_size > _LONGEST_MARKER:
            return False
        return not self.keys or self.keys <= _keys_of(path)

    def strangers(self, folder: Path) -> Iterator[str]:
        """Yield the names in a folder that this kind does not have."""
        for name in sorted(_names(folder)):
            patterns = (name,) if self.members is None else (self.marker, *self.members)
            if not any(fnmatchcase(name, pattern) for pattern in patterns):
                yield name


JSON = FileKind("JSON", re.compile(rb"\s*\{"))
PAGE = FileKind("an HTML page", re.compile(rb"\s*<!doctype html", re.IGNORECASE))


def require_output_file(path: Path, kind: FileKind, *, force: bool, sources: Iterable[Path] = ()) -> None:
    """Refuse a file that may not or cannot be written.

    Parameters
    ----------
    path : Path
        Where it is to be.
    kind : FileKind
        What it is going to be.
    force : bool
        Whether an earlier one may be replaced.
    sources : Iterable[Path]
        Every file and folder that the command reads; those that are not there do not matter.

    Raises
    ------
    FileExistsRefused
        If something is there that is not to be replaced, or that no file can replace.
    OSError
        If nothing could be written there.
    """
    _require_place(path)
    if path.is_dir():
        raise FileExistsRefused("the path is a folder, not a file", subject=str(path), hint="give a file name")
    if not path.exists():
        return
    if not path.is_file():
        raise FileExistsRefused("the output is a device or a pipe", subject=str(path), hint="give a file name")
    _refuse_sources(path, sources)
    _require_force(path, force=force)
    if not kind.recognises(path):
        raise FileExistsRefused(
            f"the file is not {kind.name}, so --force does not replace it",
            subject=str(path),
            hint=f"{_OTHER_PATH}, or delete the file yourself",
        )


def require_output_files(folder: Path, *, sources: Iterable[Path]) -> None:
    """Refuse to write files of any name into a folder that holds something the command reads.

    Raises
    ------
    FileExistsRefused
        If a source is in it.
    """
    target = follow(folder)
    for source in sources:
        if follow(source).is_relative_to(target):
            raise FileExistsRefused(
                f"the output could replace {source}, which the command reads",
                subject=str(folder),
                hint="choose another folder",
            )


def require_output_folder(path: Path, kind: FolderKind, *, force: bool, sources: Iterable[Path] = ()) -> None:
    """Refuse a folder that may not or cannot be written.

    Parameters
    ----------
    path : Path
        Where it is to be.
    kind : FolderKind
        What it is going to be.
    force : bool
        Whether an earlier one may be replaced.
    sources : Iterable[Path]
        Every file and folder that the command reads; those that are not there do not matter.

    Raises
    ------
    FileExistsRefused
        If something is there that is not to be replaced, or that no folder can replace.
    OSError
        If nothing could be written there.
    """
    _require_place(path)
    recover_folder(path)
    if not path.exists():
        return
    _refuse_sources(path, sources)
    if not path.is_dir():
        raise FileExistsRefused("the path is a file, not a folder", subject=str(path), hint=_OTHER_PATH)
    if Path.cwd().is_relative_to(follow(path)):
        raise FileExistsRefused("the output would replace the current folder", subject=str(path), hint=_OTHER_PATH)
    _require_force(path, force=force)
    if not _names(path):
        return
    if not kind.recognises(path):
        raise FileExistsRefused(
            f"the folder is not {kind.name}, so --force does not replace it",
            subject=str(path),
            hint=f"{_OTHER_PATH}, or delete the folder yourself",
        )
    if strangers := list(kind.strangers(path)):
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        raise FileExistsRefused(
            f"the folder holds files that do not belong to this kind of output: {', '.join(strangers[:3])}{more}",
            subject=str(path),
            hint=f"{_OTHER_PATH}, or move these files away",
        )


def require_output_place(path: Path) -> None:
    """Refuse a folder that cannot be written, where what is in it already is resumed.

    Raises
    ------
    FileExistsRefused
        If something is there that is no folder.
    OSError
        If nothing could be written there.
    """
    _require_place(path)
    if path.exists() and not path.is_dir():
        raise FileExistsRefused("the path is a file, not a folder", subject=str(path), hint=_OTHER_PATH)


def _require_place(path: Path) -> None:
    """Refuse a place at which nothing could be written; sweep away what killed processes left there."""
    # Paths of a configuration are absolute by now.
    if path.name == "-":
        raise FileExistsRefused(
            "the output cannot be written to standard output", subject="-", hint="give a file name or folder"
        )
    target = follow(path)
    with suppress(FileNotFoundError, NotADirectoryError):
        # A name that is too long shows here.
        target.lstat()
    folder = next(parent for parent in target.parents if parent.exists())
    if not folder.is_dir():
        raise FileExistsRefused("the path is a file, not a folder", subject=str(folder), hint=_OTHER_PATH)
    try:
        # Permissions do not tell all: a file system may be read-only, a quota used up, a folder immutable.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(error.errno, os.strerror(error.errno or errno.EIO), str(folder)) from error
    if folder == target.parent:
        sweep(folder)


def _require_force(path: Path, *, force: bool) -> None:
    if not force:
        raise FileExistsRefused("the output already exists", subject=str(path), hint=f"{_OTHER_PATH} or pass --force")


def _refuse_sources(path: Path, sources: Iterable[Path]) -> None:
    """Refuse to replace what the command reads, forced or not."""
    target = follow(path)
    for source in sources:
        if not source.exists():
            continue
        place = follow(source)
        if place == target or path.samefile(source):
            fault = "the output is also the input"
        elif place.is_relative_to(target):
            fault = f"the output would replace {source}, which the command reads"
        elif target.is_relative_to(place):
            fault = f"the output would replace a part of {source}, which the command reads"
        elif target.is_dir() and (link := _find_link_into(target, place)) is not None:
            fault = f"the output would replace the target of the link {link}, which the command reads"
        else:
            continue
        raise FileExistsRefused(fault, subject=str(path), hint=_OTHER_PATH)


def _find_link_into(target: Path, source: Path) -> Path | None:
    for folder, folders, files in os.walk(source):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and path.exists() and follow(path).is_relative_to(target):
                return path
    return None


def _names(folder: Path) -> list[str]:
    # Whether the holder of a lock still runs is asked when it is to be held.
    names = [entry.name for entry in folder.iterdir()]
    return [name for name in names if not is_temporary(name) and not name.startswith(LOCK_FILE)]


def _keys_of(path: Path) -> frozenset[str]:
    try:
        document = read_json(path, most_bytes=_LONGEST_MARKER)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(document) if isinstance(document, dict) else frozenset()
