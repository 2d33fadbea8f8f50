"""How much memory this machine has left for a process: of the machine, and of the container it runs in."""

from pathlib import Path

from amhctl.core.controlgroups import CGROUPS, OWN_CGROUP, group_folders

_MEMINFO = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")
# Limit and use, in version 2 and in version 1 of control groups.
_BOUNDS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))


def available_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that may still be taken; None where the system does not say.

    Parameters
    ----------
    root : Path
        Where the system's files lie.
    """
    groups = group_folders("memory", *(root / path.relative_to("/") for path in (CGROUPS, OWN_CGROUP)))
    bounds = [_from_group(folder, *files) for folder in groups for files in _BOUNDS]
    return min((value for value in (_from_machine(root), *bounds) if value is not None), default=None)


def resident_memory(root: Path = Path("/")) -> int:
    """Return the bytes this process holds now; 0 where the system does not say."""
    return _field(root / _STATUS.relative_to("/"), "VmRSS") or 0


def _from_machine(root: Path) -> int | None:
    return _field(root / _MEMINFO.relative_to("/"), "MemAvailable")


def _field(path: Path, name: str) -> int | None:
    """Return a value of a file of lines such as ``MemAvailable:  123 kB``, in bytes."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return None


def _from_group(folder: Path, limit: str, use: str) -> int | None:
    try:
        most, taken = (folder / limit).read_text().strip(), (folder / use).read_text().strip()
    except OSError:
        return None
    # Without a limit, version 2 says "max", and version 1 a number beyond any machine's memory.
    return max(0, int(most) - int(taken)) if most.isdigit() and int(most) < 2**60 else None
