"""Twin of ``parallel/cluster.py``. A real cluster takes longer to start than a test should: the slow tier does."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from amhctl.core.errors import DatasetError, MissingExtra
from amhctl.parallel.cluster import ATTEMPTS, _Attempts, _BoardProgress, open_cluster


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match="ray is not installed") as caught, open_cluster():
        pass
    assert "amhctl[ray]" in caught.value.hint
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_what_was_done_before_counts_and_other_units_do_not() -> None:
    written: list[int] = []
    progress = _BoardProgress(written.append, 10, "utterance")
    progress.start("comparing recordings with the store", 5, "file")
    progress.advance(5)
    progress.finish()
    progress.start("extracting codes", 4, "utterance")
    progress.advance(3, "0.1 h")
    progress.say("nothing")
    progress.advance()
    progress.finish()
    progress.advance()
    assert written == [6, 9, 10]


class _Lost(Exception):
    """What ray raises of a process that ended."""


class _Ray:
    """A ray whose tasks end at once, each in the ways that are listed for it, one after the other."""

    exceptions = SimpleNamespace(RayError=_Lost)

    def __init__(self, *ways: str) -> None:
        self._ways = [iter(way) for way in ways]
        self.begun: list[int] = []
        self.cancelled: list[object] = []

    def begin(self, place: int) -> tuple[int, int]:
        self.begun.append(place)
        return place, len(self.begun)

    def wait(self, references: list[tuple[int, int]], timeout: float) -> tuple[list[tuple[int, int]], list[object]]:
        return references[:1], []

    def get(self, reference: tuple[int, int]) -> str:
        way = next(self._ways[reference[0]])
        if way == "x":
            raise _Lost("Traceback\n  the node died")
        return way

    def cancel(self, reference: object, *, force: bool) -> None:
        assert force
        self.cancelled.append(reference)


def test_a_task_whose_process_ends_is_begun_again_a_few_times() -> None:
    said: list[str] = []
    progress = SimpleNamespace(say=said.append)
    ray = _Ray("a", "xxb", "xxx", "c")
    attempts: _Attempts[str] = _Attempts(ray, ray.begin, ["one", "two", "three", "four"])
    while len(attempts.under_way) > 1:
        attempts.wait(0.0, progress)
    attempts.cancel()
    assert ray.cancelled == list(attempts.under_way)
    while attempts.under_way:
        attempts.wait(0.0, progress)
    one, two, three, four = attempts.outcomes
    assert (one, two, four) == ("a", "b", "c")
    assert isinstance(three, DatasetError)
    assert (three.subject, "3 times: the node died" in three.message) == ("three", True)
    assert [ray.begun.count(place) for place in range(4)] == [1, 3, ATTEMPTS, 1]
    assert said == [f"{name} ended unexpectedly and is restarted: the node died" for name in ("two", "three") * 2]


_PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from amhctl.core.errors import AmhctlError, AudioError, DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.parallel.cluster import Task, open_cluster

def work(item, progress):
    kind, folder = item
    with (Path(folder) / kind).open("a") as stream:
        stream.write("x")
    tries = (Path(folder) / kind).stat().st_size
    progress.start("working", 2, "piece")
    progress.advance()
    if kind == "refuse":
        raise AudioError("no good", subject="it", hint="take another")
    if kind == "die" or kind == "die once" and tries == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    progress.advance()
    return kind

class Telling(SilentProgress):
    total = done = 0
    said = []
    def start(self, title, total, unit):
        self.total = total
    def advance(self, amount=1, note=""):
        self.done += amount
    def say(self, message):
        self.said.append(message)

def main():
    progress, folder = Telling(), sys.argv[1]
    with open_cluster() as cluster:
        tasks = [Task(kind, (kind, folder), 2) for kind in ("well", "refuse", "die", "die once")]
        outcomes = cluster.run(work, tasks, progress, title="working", unit="piece", cpus=1, gpus=0)
        try:
            cluster.run(work, tasks, progress, title="working", unit="piece", cpus=10_000, gpus=0)
        except DatasetError as error:
            refused = error.message
    print(json.dumps({
        "outcomes": [str(one) if isinstance(one, AmhctlError) else one for one in outcomes],
        "hint": outcomes[1].hint,
        "total": progress.total, "done": progress.done, "said": progress.said, "refused": refused,
    }))

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
def test_a_task_that_dies_is_begun_again_and_one_that_refuses_is_not(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(_PROGRAM)
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py", tmp_path],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    well, refuse, die, die_once = said["outcomes"]
    assert (well, refuse, die_once) == ("well", "it: no good", "die once")
    assert die.startswith("die: its process ended unexpectedly 3 times")
    assert said["hint"] == "take another"
    tries = {name: (tmp_path / name).stat().st_size for name in ("well", "refuse", "die", "die once")}
    assert tries == {"well": 1, "refuse": 1, "die": 3, "die once": 2}
    assert len(said["said"]) == 3
    assert said["total"] == 8
    assert 4 <= said["done"] <= 8
    assert "no machine of the cluster has more than" in said["refused"]
