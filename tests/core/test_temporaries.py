"""Temporary files and folders: nobody's once their process is gone, and nobody else's before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amhctl.core.files import write_text_atomically
from amhctl.core.temporaries import discard, find_beside, hold_temporary, is_temporary, name_beside, sweep

HOLDER = """
import sys
from pathlib import Path
from amhctl.core.temporaries import hold_temporary
folder = sys.argv[2] == "folder"
with hold_temporary(Path(sys.argv[1]), folder=folder) as path:
    if folder:
        (path / "half").touch()
    print(path, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_process_works_on_stays_until_the_process_is_gone(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "out.wav"), kind]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    held = Path(process.stdout.readline().strip())
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [held]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert held.exists()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_swept_is_ours_and_has_no_other_use(tmp_path: Path) -> None:
    kept = [tmp_path / ".out-abc.wav", tmp_path / ".amhctl-notes", tmp_path / "out.wav"]
    for path in kept:
        path.touch()
    name_beside(tmp_path / "out.wav", "tmp", suffix=".wav").touch()
    for state in ("tmp", "new", "old"):
        name_beside(tmp_path / "there", state).mkdir()
    only = [name_beside(tmp_path / "not there", state) for state in ("new", "old")]
    for path in only:
        path.mkdir()
    (tmp_path / "there").mkdir()
    link = name_beside(tmp_path / "there", "tmp")
    link.symlink_to(tmp_path / "there")
    sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {*kept, *only, tmp_path / "there", link}
    sweep(tmp_path / "absent")


def test_names_tell_whose_they_are_and_in_which_order_they_were_made(tmp_path: Path) -> None:
    target = tmp_path / "voice"
    older, newer = name_beside(target, "new"), name_beside(target, "new")
    for place, path in enumerate((older, newer, name_beside(tmp_path / "other", "new"))):
        path.mkdir()
        os.utime(path, (place, place))
    assert find_beside(target, "new") == (older, newer)
    assert find_beside(target, "old") == ()
    assert is_temporary(older.name)
    assert not is_temporary("voice")


def test_a_temporary_file_that_was_swept_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = Path.touch
    swept = []  # type: ignore[var-annotated]

    def touch_late(path: Path, mode: int = 0o666, exist_ok: bool = True) -> None:
        touch(path, mode=mode, exist_ok=exist_ok)
        if not swept:
            swept.append(path)
            sweep(tmp_path)

    monkeypatch.setattr(Path, "touch", touch_late)
    write_text_atomically(tmp_path / "out", "x")
    assert not swept[0].exists()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["x"]


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*_: object) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr("fcntl.flock", unable)
    with hold_temporary(tmp_path / "out", folder=True) as path:
        sweep(tmp_path)
        assert path.is_dir()


def test_what_is_discarded_is_gone(tmp_path: Path) -> None:
    (tmp_path / "old" / "deep").mkdir(parents=True)
    discard(tmp_path / "old")
    assert list(tmp_path.iterdir()) == []
