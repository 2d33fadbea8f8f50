"""The control groups of Linux that bound what this process may take.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows control groups."""
OWN_CGROUP = Path("/proc/self/cgroup")
"""Where it names this process's group."""


def group_folders(controller: str, cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> list[Path]:
    """Return the folders of the process's control group and of those around it: the narrowest bound holds.

    Parameters
    ----------
    controller : str
        What is bounded: ``cpu`` or ``memory``. Version 1 has a folder for each, version 2 one for all.
    cgroups : Path
        Where control groups are shown.
    own : Path
        Where the process's group is named.
    """
    folders = [cgroups, cgroups / controller]
    with suppress(OSError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            root = cgroups if not controllers else cgroups / controller
            if not controllers or controller in controllers.split(","):
                group = root / path.lstrip("/")
                folders += [group, *(parent for parent in group.parents if root in parent.parents)]
    return folders
