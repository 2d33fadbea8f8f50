"""Files: atomic writing and digests. Knows not what may be replaced (see ``outputs``). Standard library only."""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from amhctl.core.errors import FileExistsRefused
from amhctl.core.temporaries import State, discard, find_beside, hold_temporary, name_beside, sweep

_CHUNK_BYTES = 1 << 22
_STATES: tuple[State, ...] = ("new", "old")


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    # Large pieces: between them the interpreter is waited for, where it is busy with something else.
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer):
            digest.update(view[:size])
    return digest.hexdigest()


def canonical_json(value: object) -> str:
    """Return JSON that is the same on every machine: sorted keys, no spaces, UTF-8 letters kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of_json(value: object) -> str:
    """Return the hexadecimal SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuse an output that exists, unless forced: the last word of a writer, after ``outputs`` had the first.

    Raises
    ------
    FileExistsRefused
        If the path exists and ``force`` is false.
    """
    if path.exists() and not force:
        raise FileExistsRefused(
            "the output already exists", subject=str(path), hint="choose another path or pass --force"
        )


@contextmanager
def _parents_of(path: Path) -> Iterator[None]:
    """Create the folders above a path; those that a failure leaves empty are removed again."""
    created = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for folder in created:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends without an error.

    The data is flushed to the disk before the rename, so that a crash leaves the old file or the new one.
    The temporary file keeps the suffix of the target, because writers choose a format by it. A file that is replaced
    leaves its mode and owner to the new one.

    Raises
    ------
    FileExistsRefused
        If the path is a device or a pipe: a file would take its place.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsRefused("the output is a device or a pipe", subject=str(path), hint="give a file name")
    # The file after a link is replaced, not the link: /dev/stdout is one.
    path = follow(path)
    with _parents_of(path), hold_temporary(path, folder=False) as temporary:
        try:
            yield temporary
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            _inherit(temporary, path, otherwise=0o666)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text to a file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write bytes to a file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path`` that takes its place when the block ends without an error.

    An existing folder at ``path`` is replaced as the last step; callers refuse that beforehand if it is not wanted.
    No system call replaces a folder that has content, so the old one is moved away and the new one moved in. Whoever
    is killed between the two leaves both whole, and ``recover_folder`` puts the new one in its place.
    """
    path = follow(path)
    recover_folder(path)
    sweep(path.parent)
    with _parents_of(path), hold_temporary(path, folder=True) as temporary:
        try:
            yield temporary
            for file in sorted(temporary.rglob("*")):
                if file.is_file():
                    with file.open("rb") as stream:
                        os.fsync(stream.fileno())
                    # Some writers make their files private; whoever may read the folder may read all of it.
                    _inherit(file, path / file.relative_to(temporary), otherwise=0o666)
            _inherit(temporary, path, otherwise=0o777)
            _take_place(temporary, path)
        finally:
            if temporary.exists():
                shutil.rmtree(temporary)


def _take_place(folder: Path, path: Path) -> None:
    """Move a folder to its place; an error or an interrupt meanwhile leaves the old one there."""
    if not path.exists():
        folder.replace(path)
        return
    complete, kept = name_beside(path, "new"), name_beside(path, "old")
    try:
        folder.replace(complete)
        path.replace(kept)
        try:
            complete.replace(path)
        except FileNotFoundError:
            # A reader that found nothing at the place has moved it there itself.
            if not path.exists():
                raise
    except BaseException:
        if kept.exists() and not path.exists():
            kept.replace(path)
        if complete.exists():
            discard(complete)
        raise
    discard(kept)


def recover_folder(path: Path) -> None:
    """Put a folder in its place whose writer was killed between moving the old one away and the new one in.

    Every reader of a folder that ``atomic_folder`` writes calls this before it says that there is none.
    """
    if path.exists():
        return
    path = follow(path)
    for state in _STATES:
        if found := find_beside(path, state):
            # Another reader, or the writer itself, may be faster.
            with suppress(FileNotFoundError):
                found[-1].replace(path)
            return


def follow(path: Path) -> Path:
    """Return the absolute path behind all links.

    Raises
    ------
    OSError
        If the links lead nowhere, one to the other and back.
    """
    try:
        return path.resolve()
    except RuntimeError:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None


def _inherit(path: Path, replaced: Path, *, otherwise: int) -> None:
    """Give a file or folder the mode and owner of the one it replaces, or the mode that any other new one has."""
    try:
        previous = replaced.stat()
    except OSError:
        path.chmod(otherwise & ~_umask())
        return
    if (previous.st_uid, previous.st_gid) != (path.stat().st_uid, path.stat().st_gid):
        # Only some may give files away; the mode matters more.
        with suppress(PermissionError):
            os.chown(path, previous.st_uid, previous.st_gid)
    path.chmod(stat.S_IMODE(previous.st_mode))


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
