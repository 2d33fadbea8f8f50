"""Time and memory, measured. Knows nothing of what is being timed."""

import os
import platform
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from amhctl.core.units import Seconds


@dataclass(frozen=True, slots=True)
class Machine:
    """What a measurement was made on.

    Attributes
    ----------
    processor : str
        Its model name.
    cores : int
        Cores this process may use.
    memory_gib : float
        Installed memory.
    system : str
        Operating system and architecture.
    python : str
        Version of the interpreter.
    """

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str

    def line(self) -> str:
        """Return the machine in one line."""
        return f"{self.processor}, {self.cores} core(s), {self.memory_gib:.0f} GiB, {self.system}, Python {self.python}"


def describe_machine() -> Machine:
    """Return what this machine is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        processor=_processor_name(),
        cores=cores,
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def time_once(work: Callable[[], object]) -> Seconds:
    """Return the wall-clock seconds of one call."""
    start = perf_counter()
    work()
    return Seconds(perf_counter() - start)


def median_time(work: Callable[[], object], *, repetitions: int) -> Seconds:
    """Return the median wall-clock seconds of several calls."""
    times = sorted(time_once(work) for _ in range(repetitions))
    middle = len(times) // 2
    return Seconds(times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2)


def cpu_time_once(work: Callable[[], object]) -> Seconds:
    """Return the processor seconds of one call, over all threads; what else the machine does weighs nothing."""
    start = process_time()
    work()
    return Seconds(process_time() - start)


def cpu_time_of_children() -> Seconds:
    """Return the processor seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds(used.ru_utime + used.ru_stime)


def peak_memory() -> int:
    """Return the largest resident set that this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_memory() -> int:
    """Return the resident set of this process, in bytes; its largest where the system tells no other."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.is_file() else peak_memory()


def peak_memory_of_children() -> int:
    """Return the largest resident set of any child process that has ended, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _processor_name() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
