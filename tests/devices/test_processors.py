"""Twin of ``devices/processors.py``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amhctl.devices.processors import allowed_processors, available_processors, settle_threads

_PROGRAM = """
import sys
from amhctl.cli.main import main
try:
    main(["--version"])
except SystemExit:
    pass
import torch
"""


def _settled(processors: int, **environment: str) -> dict[str, str]:
    settle_threads(environment, processors)
    return environment


def test_threads_sleep_while_they_wait_and_fit_the_quota() -> None:
    allowed = allowed_processors()
    assert _settled(allowed) == {"OMP_WAIT_POLICY": "PASSIVE"}
    # Where the system bounds nothing further, the library's own count stays.
    assert _settled(allowed - 1) == {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(allowed - 1)}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_someone_has_set_stays(name: str) -> None:
    given = {name: "7", "OMP_NUM_THREADS": "3"}
    assert _settled(allowed_processors() - 1, **given) == given


def test_the_system_is_asked() -> None:
    environment = {"OMP_NUM_THREADS": "1"}
    settle_threads(environment)
    assert environment == {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    assert 1 <= available_processors() <= allowed_processors() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("own", "files", "wanted"),
    [
        ("0::/\n", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "250000 100000\n"}, 3),
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "1600000 100000\n"}, 8),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "200000 100000\n"}, 2),
        ("0::/a/b\n", {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "500000 100000\n"}, 4),
        ("0::/a\n", {"b/cpu.max": "100000 100000\n"}, 8),
        (
            "4:memory:/x\n3:cpu,cpuacct:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "300000\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
            3,
        ),
        ("3:cpu,cpuacct:/x\n", {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 8),
        ("0::/\n", {"cpu.max": "rubbish\n"}, 8),
        (None, {"cpu.max": "200000 100000\n"}, 2),
    ],
)
def test_the_narrowest_quota_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None, files: dict[str, str], wanted: int
) -> None:
    monkeypatch.setattr("amhctl.devices.processors.allowed_processors", lambda: 8)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if own is not None:
        (tmp_path / "own").write_text(own)
    assert available_processors(tmp_path / "cgroup", tmp_path / "own") == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="OpenMP says what it read in this form on Linux")
def test_the_command_line_settles_it_before_a_tensor_library_is_loaded() -> None:
    unset = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    shown = []
    for extra in ({}, {"OMP_WAIT_POLICY": "ACTIVE"}):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=environment | extra | {"OMP_DISPLAY_ENV": "TRUE"},
            capture_output=True,
            text=True,
            check=True,
        )
        shown.append("OMP_WAIT_POLICY='PASSIVE'" in done.stderr.replace(" ", ""))
    assert shown == [True, False]
