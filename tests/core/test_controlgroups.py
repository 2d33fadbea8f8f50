"""Twin of ``core/controlgroups.py``: the groups around a process, of both versions."""

from pathlib import Path

import pytest

from amhctl.core.controlgroups import group_folders


@pytest.mark.parametrize(
    ("named", "folders"),
    [
        (None, ["", "memory"]),
        ("0::/\n", ["", "memory", ""]),
        ("0::/slurm/job\n", ["", "memory", "slurm/job", "slurm"]),
        ("4:memory:/docker/one\n3:cpu,cpuacct:/docker/two\n", ["", "memory", "memory/docker/one", "memory/docker"]),
    ],
)
def test_the_groups_around_a_process_are_found(tmp_path: Path, named: str | None, folders: list[str]) -> None:
    own = tmp_path / "own"
    if named is not None:
        own.write_text(named)
    assert group_folders("memory", tmp_path / "groups", own) == [tmp_path / "groups" / folder for folder in folders]
