"""What a machine runs out of, room on the disk or memory, recognised in whatever form a library says so.

Knows no library: torch raises a ``RuntimeError`` or a class of its own, which are told by their name and words.
"""

import errno
from typing import Literal

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
