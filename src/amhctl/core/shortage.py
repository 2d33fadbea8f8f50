"""What a machine runs out of, room on the disk or memory: recognised in whatever form a library says so, and explained.

Knows no library: torch raises a ``RuntimeError`` or a class of its own, which are told by their name and words.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.core.errors import ConfigError, ShortageError

Shortage = Literal["disk", "memory"]

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
_MEMORY_WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "alloc_failed",
    # How torch reports a batch worker that the system ended, and one that found no room in shared memory.
    "is killed by signal: killed",
    "unable to allocate shared memory",
    "insufficient shared memory",
)


_BYTES_PER_NUMBER = 4


def require_memory(numbers: int, *, subject: str, hint: str) -> None:
    """Refuse a network that this machine cannot hold before it is made: the system might end the process.

    Parameters
    ----------
    numbers : int
        Numbers the network has, each of 32 bits. What training adds to them is not counted.
    subject : str
        Which network.
    hint : str
        What makes it smaller.

    Raises
    ------
    ConfigError
        If its numbers alone are more than the memory of the machine.
    """
    held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if numbers * _BYTES_PER_NUMBER > held:
        needed = numbers * _BYTES_PER_NUMBER / 2**30
        raise ConfigError(
            f"a network of {numbers:,} parameters needs {needed:,.0f} GiB, but this machine has "
            f"{held / 2**30:,.0f} GiB",
            subject=subject,
            hint=hint,
        )


def shortage_of(error: BaseException) -> Shortage | None:
    """Return what an exception says there was too little of; None if it says something else."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError):
        if error.errno in _DISK:
            return "disk"
        return "memory" if error.errno == errno.ENOMEM else None
    if isinstance(error, RuntimeError):
        words = str(error).lower()
        if type(error).__name__ == "OutOfMemoryError" or any(word in words for word in _MEMORY_WORDS):
            return "memory"
    return None


@dataclass(frozen=True, slots=True)
class WayOut:
    """What someone whose work stopped for a shortage has, and can do.

    Attributes
    ----------
    sound : str
        What is done and kept, such as ``step-00000400 is saved``.
    again : str
        How to continue once there is room or memory, such as ``run the same command again``.
    lighter : str
        How to do with less memory.
    """

    sound: str
    again: str
    lighter: str = "process less at once, or use a machine with more memory"


@contextmanager
def explain_shortages(place: Path, way_out: Callable[[], WayOut]) -> Iterator[None]:
    """Turn what the system or a library says of a full disk or too little memory into an error that says what is sound.

    Parameters
    ----------
    place : Path
        Where the work is written.
    way_out : Callable[[], WayOut]
        Asked when it happens.

    Raises
    ------
    ShortageError
        With what is sound and how to continue.
    """
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if (shortage := shortage_of(error)) is None:
            raise
        raise explained(shortage, error, place, way_out()) from error


def explained(shortage: Shortage, error: BaseException, place: Path | None, way_out: WayOut) -> ShortageError:
    """Return a shortage as an error."""
    if shortage == "disk":
        subject = str(getattr(error, "filename", None) or place or "")
        return ShortageError(
            f"the disk is full; {way_out.sound}", subject=subject, hint=f"free disk space; {way_out.again}"
        )
    words = str(error).strip().splitlines()
    return ShortageError(
        f"there is too little memory ({words[0] if words else type(error).__name__}); {way_out.sound}",
        subject=str(place or ""),
        hint=f"{way_out.lighter}; {way_out.again}",
    )
