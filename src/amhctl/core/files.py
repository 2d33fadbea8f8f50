"""Files: atomic writing, digests, refusal to overwrite. Standard library only."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from amhctl.core.errors import FileExistsRefused

_CHUNK_BYTES = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def canonical_json(value: object) -> str:
    """Return JSON that is the same on every machine: sorted keys, no spaces, UTF-8 letters kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of_json(value: object) -> str:
    """Return the hexadecimal SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def refuse_existing(path: Path, *, force: bool, sources: Iterable[Path] = ()) -> None:
    """Refuse an output that exists, unless forced, and one that could not be written, before any work is done.

    Parameters
    ----------
    path : Path
        The output.
    force : bool
        Whether an existing output may be replaced.
    sources : Iterable[Path]
        What the command reads; none of it is replaced, forced or not.

    Raises
    ------
    FileExistsRefused
        If the path exists and ``force`` is false, it is one of the sources, or a file stands where its folder is to be.
    PermissionError
        If nothing can be written into its folder.
    """
    if path.exists():
        if any(source.exists() and source.samefile(path) for source in sources):
            raise FileExistsRefused("the output is also the input", subject=str(path), hint="choose another path")
        if not force:
            raise FileExistsRefused(
                "the output exists already", subject=str(path), hint="choose another path or pass --force"
            )
        return
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise FileExistsRefused(
            "a file stands where a folder is wanted", subject=str(folder), hint="choose another path"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends without an error.

    The data is flushed to the disk before the rename, so that a crash leaves the old file or the new one.
    The temporary file keeps the suffix of the target, because writers choose a format by it.

    Raises
    ------
    FileExistsRefused
        If the path is a device or a pipe: a file would take its place.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsRefused("the output is a device or a pipe", subject=str(path), hint="name a file")
    # The file behind a link is replaced, not the link: /dev/stdout is one.
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        # mkstemp makes files private; an output of a command has the mode any other new file has.
        temporary.chmod(0o666 & ~_umask())
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
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield temporary
        for file in sorted(temporary.rglob("*")):
            if file.is_file():
                with file.open("rb") as stream:
                    os.fsync(stream.fileno())
                # Some writers make their files private; whoever may read the folder may read all of it.
                file.chmod(0o666 & ~_umask())
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            previous = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            kept = previous / path.name
            try:
                path.replace(kept)
                temporary.replace(path)
            except BaseException:
                # An error or an interrupt between the two: the old one comes back, and is never deleted.
                if kept.exists() and not path.exists():
                    kept.replace(path)
                with suppress(OSError):
                    previous.rmdir()
                raise
            shutil.rmtree(previous)
        else:
            temporary.replace(path)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
