"""Twin of ``core/memory.py``."""

from pathlib import Path

import pytest

from amhctl.core.memory import available_memory, resident_memory


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MACHINE = {"proc/meminfo": "MemTotal:  100 kB\nMemAvailable:   64 kB\n"}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, None),
        (MACHINE, 64 * 1024),
        (MACHINE | {"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "5\n"}, 64 * 1024),
        (MACHINE | {"sys/fs/cgroup/memory.max": "50000\n", "sys/fs/cgroup/memory.current": "20000\n"}, 30000),
        (MACHINE | {"sys/fs/cgroup/memory.max": "500\n", "sys/fs/cgroup/memory.current": "500\n"}, 0),
        # What the process's own group leaves, as of a job on a cluster, not only the outermost one.
        (
            MACHINE
            | {
                "proc/self/cgroup": "0::/slurm/job\n",
                "sys/fs/cgroup/slurm/job/memory.max": "40000\n",
                "sys/fs/cgroup/slurm/job/memory.current": "10000\n",
            },
            30000,
        ),
        (
            MACHINE
            | {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "999",
            },
            1,
        ),
        (
            MACHINE
            | {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "999",
            },
            64 * 1024,
        ),
    ],
)
def test_what_is_left_is_the_least_that_anyone_leaves(
    tmp_path: Path, files: dict[str, str], wanted: int | None
) -> None:
    assert available_memory(write(tmp_path, files)) == wanted


def test_what_the_process_holds_is_read(tmp_path: Path) -> None:
    assert resident_memory(write(tmp_path, {"proc/self/status": "VmHWM: 9 kB\nVmRSS:  7 kB\n"})) == 7 * 1024
    assert resident_memory(tmp_path / "nothing") == 0
