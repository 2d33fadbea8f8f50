"""Twin of ``core/lock.py``."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amhctl.core import lock as lock_module
from amhctl.core.errors import InUseError
from amhctl.core.lock import Holder, hold, is_occupied

_HOLDING = """
import sys, time
from pathlib import Path
from amhctl.core.lock import hold
with hold(Path(sys.argv[1]), what="the run"):
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(file: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", _HOLDING, str(file)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def write_holder(file: Path, holder: Holder) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"host": holder.host, "process": holder.process, "since": holder.since}))


def test_a_second_process_is_told_who_holds_it_and_a_dead_holder_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "run" / ".lock"
    child = start_holder(file)
    try:
        with pytest.raises(InUseError) as caught, hold(file, what="the run"):
            pytest.fail("it is held")
    finally:
        end(child)
    today = datetime.now(UTC).date().isoformat()
    said = f"the run is in use: process {child.pid} on {socket.gethostname()} since {today[:8]}"
    assert caught.value.message.startswith(said)
    assert caught.value.subject == str(file.parent)
    assert str(file) in caught.value.hint
    # Killed, it could not remove its file; its lock went with it.
    assert file.exists()
    with hold(file, what="the run") as former:
        assert former is not None
        assert former.process == child.pid
    assert not file.exists()


def test_this_process_does_not_hold_it_twice(tmp_path: Path) -> None:
    file = tmp_path / ".lock"
    with hold(file, what="the run") as former:
        assert former is None
        with pytest.raises(InUseError, match=f"process {os.getpid()} "), hold(file, what="the run"):
            pytest.fail("it is held")
    with hold(file, what="the run"):
        pass


def test_a_folder_made_for_a_lock_goes_unless_something_lies_in_it(tmp_path: Path) -> None:
    with hold(tmp_path / "empty" / ".lock", what="the run"):
        pass
    with hold(tmp_path / "full" / ".lock", what="the run"):
        (tmp_path / "full" / "config.json").write_text("{}")
    (tmp_path / "old").mkdir()
    with hold(tmp_path / "old" / ".lock", what="the run"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "old"]


def test_one_may_wait(tmp_path: Path) -> None:
    file = tmp_path / ".lock"
    order = []

    def second() -> None:
        with hold(file, what="the texts", wait=True):
            order.append("second")

    with hold(file, what="the texts"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize("beats", [True, False])
def test_a_holder_on_another_host_is_known_by_its_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beats: bool
) -> None:
    """As on a file system that does not carry locks between hosts: ours is granted whatever the other holds."""
    monkeypatch.setattr(lock_module, "_BEAT_SECONDS", 0.2)
    file = tmp_path / ".lock"
    write_holder(file, Holder("elsewhere", 1, "2026-01-01 00:00:00+00:00"))
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(0.1):
            os.utime(file)

    thread = threading.Thread(target=beat)
    if beats:
        thread.start()
        with pytest.raises(InUseError, match="process 1 on elsewhere since 2026-01-01"), hold(file, what="the run"):
            pytest.fail("it is held")
        ended.set()
        thread.join()
    else:
        with hold(file, what="the run") as former:
            assert former is not None
            assert former.host == "elsewhere"


def test_a_holder_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_BEAT_SECONDS", 0.05)
    file = tmp_path / ".lock"
    with hold(file, what="the run"):
        os.utime(file, (0, 0))
        for _ in range(100):
            time.sleep(0.02)
            if file.stat().st_mtime > 0:
                return
        pytest.fail("the file was not touched")


def test_where_the_system_has_no_locks_the_heartbeat_tells_on_this_host_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_lock", lambda _descriptor: None)
    monkeypatch.setattr(lock_module, "_BEAT_SECONDS", 0.2)
    file = tmp_path / ".lock"
    with hold(file, what="the run"), pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr(lock_module, "_held", {})
        with pytest.raises(InUseError, match=f"process {os.getpid()} "), hold(file, what="the run"):
            pytest.fail("it is held")
    write_holder(file, Holder(socket.gethostname(), 1, "2026-01-01 00:00:00+00:00"))
    with hold(file, what="the run") as former:
        assert former is not None
        assert former.process == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "a"}'])
def test_a_file_that_names_nobody_is_taken_over(tmp_path: Path, content: str) -> None:
    (tmp_path / ".lock").write_text(content)
    with hold(tmp_path / ".lock", what="the run") as former:
        assert former is None


def test_a_lock_does_not_make_a_folder_occupied(tmp_path: Path) -> None:
    assert not is_occupied(tmp_path / "none")
    with hold(tmp_path / ".lock", what="the run"):
        assert not is_occupied(tmp_path)
    (tmp_path / "a").touch()
    assert is_occupied(tmp_path)
