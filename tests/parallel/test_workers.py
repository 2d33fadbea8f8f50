import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.parallel.workers import map_in_order, open_pool


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_order(workers: int) -> None:
    with open_pool(workers) as pool:
        # The first of each three takes the longest.
        numbers = [4_000 // (1 + 50 * (place % 3)) for place in range(12)]
        assert list(map_in_order(pool, math.factorial, numbers, ahead=3)) == [math.factorial(n) for n in numbers]


def test_no_more_is_taken_than_is_wanted() -> None:
    taken: list[int] = []

    def items() -> object:
        for number in range(100):
            taken.append(number)
            yield number

    with open_pool(0) as pool:
        results = map_in_order(pool, abs, items(), ahead=2)  # type: ignore[arg-type,var-annotated]
        assert next(results) == 0
        assert len(taken) == 3
        results.close()  # type: ignore[attr-defined]


def test_a_worker_that_dies_is_an_error_with_a_hint() -> None:
    with open_pool(1) as pool, pytest.raises(DatasetError, match="killed by the system") as caught:
        list(map_in_order(pool, os._exit, [3], ahead=1))
    assert "--workers" in caught.value.hint


def test_threads_of_this_process_serve_where_no_worker_is_wanted() -> None:
    with open_pool(0) as pool:
        (ident,) = map_in_order(pool, lambda _: (os.getpid(), threading.get_ident()), [1], ahead=1)
    assert ident[0] == os.getpid()
    assert ident[1] != threading.get_ident()


_PARENT = """
import sys, time
from amhctl.parallel.workers import open_pool, map_in_order
from data_worker_child import name_and_sleep
if __name__ == "__main__":
    with open_pool(2) as pool:
        for pid in map_in_order(pool, name_and_sleep, [1, 2], ahead=2):
            print(pid, flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system for processes by /proc or signal 0")
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "data_worker_child.py").write_text(
        "import os, time\ndef name_and_sleep(n):\n    time.sleep(0.3)\n    return os.getpid()\n"
    )
    (tmp_path / "parent.py").write_text(_PARENT)
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = {int(parent.stdout.readline()) for _ in range(2)}
        parent.kill()
    until = time.monotonic() + 10
    while (alive := [pid for pid in workers if _is_alive(pid)]) and time.monotonic() < until:
        time.sleep(0.05)
    assert alive == []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # An orphan that nobody has waited for yet is dead all the same.
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("workers", [0, 2])
def test_each_worker_is_prepared_before_its_first_work(workers: int) -> None:
    usual = sys.get_int_max_str_digits()
    try:
        with (
            open_pool(workers, sys.set_int_max_str_digits, (1_000,)) as pool,
            pytest.raises(ValueError, match=r"Exceeds the limit \(1000 digits\)"),
        ):
            list(map_in_order(pool, str, [10**2_000], ahead=1))
    finally:
        sys.set_int_max_str_digits(usual)
