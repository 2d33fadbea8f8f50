"""How many processors this process may use, and how its threads wait for one another. Standard library only.

A tensor library shares each operation among OpenMP threads, which meet at its end. A thread that comes first *spins*:
it asks again and again for some milliseconds before it sleeps. Where other programs compete for the processors, the
thread it waits for is not running, and the spinning takes the very time it needs. ``amhctl bench --only threads``
measures it. Threads that sleep at once cost a little more on an idle machine and never stand in one another's way.
"""

import math
import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from amhctl.core.controlgroups import CGROUPS, OWN_CGROUP, group_folders

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""Variables by which someone says how threads wait, in GNU's and LLVM's OpenMP."""
THREADS = "OMP_NUM_THREADS"


def settle_threads(environment: MutableMapping[str, str], processors: int | None = None) -> None:
    """Let threads sleep while they wait, and start no more of them than there are processors to use.

    OpenMP reads these values once, when a tensor library is loaded: this comes before. What is set already stays, and
    processes that are started later inherit it.

    Parameters
    ----------
    environment : MutableMapping[str, str]
        Variables of the process; changed in place.
    processors : int | None
        Processors that a quota leaves; None asks the system.
    """
    if not any(name in environment for name in WAITING):
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    count = available_processors() if processors is None else processors
    # OpenMP knows of affinity and not of quotas: in a container with two of sixty-four processors it starts sixty-four.
    if THREADS not in environment and count < allowed_processors():
        environment[THREADS] = str(count)


def allowed_processors() -> int:
    """Return on how many processors the system may run this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_processors(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Return how many processors this process can keep busy: those it may run on, or fewer if a quota says so.

    Parameters
    ----------
    cgroups : Path
        Where Linux shows control groups (https://docs.kernel.org/admin-guide/cgroup-v2.html, ``cpu.max``).
    own : Path
        Where it names this process's group.
    """
    quotas = [quota for folder in group_folders("cpu", cgroups, own) if (quota := _read_quota(folder)) is not None]
    return max(1, min([allowed_processors(), *(math.ceil(quota) for quota in quotas)]))


def _read_quota(folder: Path) -> float | None:
    """Return the processors that a control group may keep busy; None if it sets no bound."""
    with suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        return None if quota == "max" else float(quota) / float(period)
    with suppress(OSError, ValueError):
        quota, period = (
            (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8").strip() for name in ("quota", "period")
        )
        return None if int(quota) < 0 else float(quota) / float(period)
    return None
