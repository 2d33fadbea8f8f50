"""A lock: one process at a time writes a folder, and a second is told who does. Standard library only.

The lock is a file that names its holder (host, process, since when), held by a lock of the system, which goes when the
process ends, however it ends. A file without that lock is *stale* and is taken over. Some file systems do not carry
locks from one host to another, or have none: a holder also touches its file every ten seconds, and one of another
host whose file does not move for thirty is gone. The file is removed at the end.

Several processes of one run are one holder: its first process holds the lock for all.
"""

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from amhctl.core.documents import parse_json
from amhctl.core.errors import InUseError

if sys.platform != "win32":
    import fcntl

LOCK_FILE = ".lock"
"""Name of the lock file of a folder that one process writes as a whole."""

_BEAT_SECONDS = 10.0
_MISSED_BEATS = 3
_held: dict[Path, "Holder"] = {}
"""What this process holds: the system's locks are those of a process, and would not refuse its second try."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Attributes
    ----------
    host : str
        Name of the machine.
    process : int
        Its number there.
    since : str
        When it began, UTC, to the second.
    """

    host: str
    process: int
    since: str

    def __str__(self) -> str:
        """Return the holder in words."""
        return f"process {self.process} on {self.host} since {self.since}"


@contextmanager
def hold(file: Path, *, what: str, wait: bool = False) -> Iterator[Holder | None]:
    """Hold a lock while the block runs; yield the previous holder of a stale lock that was taken over, or None.

    Parameters
    ----------
    file : Path
        The lock file. Its folder is made if need be, and removed again if nothing else came to be in it.
    what : str
        What is held, for the message, such as ``the run``.
    wait : bool
        Wait for another holder to end, rather than refuse.

    Raises
    ------
    InUseError
        If another process, or this one, holds it.
    """
    file = file.parent.resolve() / file.name
    is_new = not file.parent.exists()
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            descriptor, previous = _acquire(file, what)
            break
        except InUseError:
            if not wait:
                raise
            time.sleep(_BEAT_SECONDS / 50)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(file, ended), daemon=True)
    beating.start()
    try:
        yield previous
    finally:
        ended.set()
        beating.join()
        del _held[file]
        # Removed while it is still held: whoever waits for it sees that the file it opened is gone, and tries again.
        with suppress(OSError):
            file.unlink()
        os.close(descriptor)
        if is_new:
            with suppress(OSError):
                file.parent.rmdir()


def is_occupied(folder: Path) -> bool:
    """Return whether something is in a folder besides locks."""
    return folder.exists() and any(not child.name.startswith(LOCK_FILE) for child in folder.iterdir())


def _acquire(file: Path, what: str) -> tuple[int, Holder | None]:
    """Return the open lock file, now ours, and whose stale lock it was."""
    while True:
        if file in _held:
            raise _refusal(file, what, _held[file])
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            is_locked = _lock(descriptor)
            if is_locked is False:
                raise _refusal(file, what, _read(descriptor))
            if not _is_at(descriptor, file):
                # Its holder removed it between our opening and our locking.
                os.close(descriptor)
                continue
            previous = _read(descriptor)
            # Looking at the file may have given up our lock on it: whoever closes a file loses all locks on it.
            if previous is not None and (
                not _is_gone(previous, file, locked=is_locked is True) or _lock(descriptor) is False
            ):
                raise _refusal(file, what, previous)
            ours = Holder(socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat(" ", "seconds"))
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps(asdict(ours)).encode())
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise
        _held[file] = ours
        return descriptor, previous


def _lock(descriptor: int) -> bool | None:
    """Return whether the system gave us its lock; None if there are no locks here."""
    if sys.platform == "win32":
        return None
    try:
        # Of the process, not of the open file: a forked worker that outlives its run does not keep the run locked.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _is_at(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> Holder | None:
    """Return who the file names; None if it is empty or was cut off while it was written."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        value = cast("dict[str, Any]", parse_json(os.read(descriptor, 4096)))
        return Holder(str(value["host"]), int(value["process"]), str(value["since"]))
    except (ValueError, KeyError, TypeError):
        return None


def _is_gone(previous: Holder, file: Path, *, locked: bool) -> bool:
    """Return whether a holder that did not remove its file has ended.

    Of one on this host our lock is proof; one whose lock we might not see is watched for a while.
    """
    if locked and previous.host == socket.gethostname():
        return True
    seen = _touched(file)
    while _now_at(file.parent) - seen <= _MISSED_BEATS * _BEAT_SECONDS:
        time.sleep(_BEAT_SECONDS / 10)
        if _touched(file) != seen:
            return False
    return True


def _touched(file: Path) -> float:
    # Opened again each time, because a network file system may answer from its memory about a file that is open.
    with file.open("rb") as stream:
        return os.fstat(stream.fileno()).st_mtime


def _now_at(folder: Path) -> float:
    """Return the time by the clock that sets the times of files there, which may be another machine's."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        return os.fstat(probe.fileno()).st_mtime


def _beat(file: Path, ended: threading.Event) -> None:
    while not ended.wait(_BEAT_SECONDS):
        with suppress(OSError):
            os.utime(file)


def _refusal(file: Path, what: str, holder: Holder | None) -> InUseError:
    who = str(holder) if holder else "another process"
    return InUseError(
        f"{what} is in use: {who} is writing it",
        subject=str(file.parent),
        hint=f"wait until it ends, or stop it; if it has certainly ended, delete {file}",
    )
