"""Processes whose cost is measured, and what must not be counted to it."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: its exit code, its processor seconds and the most memory it had, in bytes."""

    code: int
    seconds: float
    peak: int


def run_measured(*words: str) -> Cost:
    """Run Python with some words, its standard output unread, and return what it took."""
    unread = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(sys.executable, [sys.executable, *words], os.environ, file_actions=unread)
    _, status, usage = os.wait4(process, 0)
    # The system counts in kilobytes, a Mac in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    return Cost(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, peak)


def make_apart(make: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401  (whatever the maker takes)
    """Call a function in another process: Linux counts the memory of this one to the peak of those that it starts."""
    maker = multiprocessing.get_context("spawn").Process(target=make, args=arguments)
    maker.start()
    maker.join()
    if maker.exitcode:
        sys.exit("what is to be measured could not be made")
