"""How much memory this machine has left for a process: of the machine, and of the container it runs in."""

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")
_CGROUPS = (
    # Version 2, then version 1: limit and use.
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that may still be taken; None where the system does not say.

    Parameters
    ----------
    root : Path
        Where the system's files lie.
    """
    found = [value for value in (_from_machine(root), *(_from_group(root, *files) for files in _CGROUPS)) if value]
    return min(found, default=None)


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


def _from_group(root: Path, limit: str, use: str) -> int | None:
    try:
        most, taken = (root / limit).read_text().strip(), (root / use).read_text().strip()
    except OSError:
        return None
    # Without a limit, version 2 says "max", and version 1 a number beyond any machine's memory.
    return max(0, int(most) - int(taken)) if most.isdigit() and int(most) < 2**60 else None
