"""Temporary files and folders beside an output: locked while their process lives, swept away once it is gone.

A name is ``.amhctl-HOME-TOKEN.STATE`` and, for a file, the suffix of its target, because writers choose a format by it.
HOME is a digest of the target's name, so that the longest name has a temporary one too; TOKEN is random. STATE is

``tmp``
    not finished, or no longer wanted: deleted once its process is gone;
``new``, ``old``
    whole folders, while the new one replaces the old one (see ``files.atomic_folder``).

A process locks what it works on, and the system lets go of the lock however the process ends. What can be locked is
therefore nobody's. Where a file system has no locks, nothing can be said of its owner, and nothing is swept.
"""

import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

if sys.platform != "win32":
    import fcntl

State = Literal["tmp", "new", "old"]

_PREFIX = ".amhctl-"
_NAME = re.compile(r"\.amhctl-(?P<home>[0-9a-f]{16})-[0-9a-f]{8}\.(?P<state>tmp|new|old)(?:\..*)?", re.DOTALL)
_LONGEST_SUFFIX = 16


def name_beside(target: Path, state: State, *, suffix: str = "") -> Path:
    """Return an unused path in the target's folder."""
    return target.with_name(f"{_PREFIX}{_home(target.name)}-{secrets.token_hex(4)}.{state}{suffix}")


def find_beside(target: Path, state: State) -> tuple[Path, ...]:
    """Return what is next to a target in a state, oldest first."""
    found = target.parent.glob(f"{_PREFIX}{_home(target.name)}-*.{state}")
    return tuple(sorted(found, key=lambda path: path.stat().st_mtime_ns))


def is_temporary(name: str) -> bool:
    """Return whether a name is that of a temporary file or folder of amhctl."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def hold_temporary(target: Path, *, folder: bool) -> Iterator[Path]:
    """Yield a new temporary file or folder beside the target, which nobody sweeps away while the block runs.

    It is the block's to rename or to delete.
    """
    while True:
        suffix = "" if folder or len(os.fsencode(target.suffix)) > _LONGEST_SUFFIX else target.suffix
        path = name_beside(target, "tmp", suffix=suffix)
        if folder:
            path.mkdir(mode=0o700)
        else:
            path.touch(mode=0o600, exist_ok=False)
        # Another process may have swept it away before it was locked; then it is not there any more.
        if (handle := _lock(path, wanted=True)) is not None:
            break
    try:
        yield path
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Delete from a folder what killed processes left incomplete, and old states whose successor is in place."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 (the folder may hold a million names)
    except OSError:
        return
    left = [match for name in names if name.startswith(_PREFIX) and (match := _NAME.fullmatch(name))]
    homes = {_home(name): name for name in names} if left else {}
    for match in left:
        home = homes.get(match["home"])
        # Without a folder at its place an old or new state is all there is.
        if match["state"] == "tmp" or (home is not None and os.path.lexists(folder / home)):
            _delete_unheld(folder / match[0])


def discard(path: Path) -> None:
    """Delete a whole folder; a kill meanwhile leaves no part of it that could be taken for the whole."""
    doomed = name_beside(path, "tmp")
    path.replace(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _delete_unheld(path: Path) -> None:
    handle = _lock(path, wanted=False)
    if handle is None:
        return
    try:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _lock(path: Path, *, wanted: bool) -> int | None:
    """Lock a file or folder and return the open handle; None if another holds it or it is gone.

    With ``wanted``, a system that has no locks is no reason not to continue.
    """
    if sys.platform == "win32":
        # Folders cannot be opened there: nothing is locked, and nothing is swept.
        return os.open(os.devnull, os.O_RDONLY) if wanted else None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        if wanted and path.exists():
            raise
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        if wanted:
            return handle
        os.close(handle)
        return None
    if not path.exists():
        os.close(handle)
        return None
    return handle


def _home(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
