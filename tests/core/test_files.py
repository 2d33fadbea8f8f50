"""Files: whole or not at all, the same digest everywhere, nothing overwritten unasked."""

import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import FileExistsRefused
from amhctl.core.files import (
    atomic_folder,
    atomic_path,
    canonical_json,
    recover_folder,
    refuse_existing,
    sha256_of_file,
    sha256_of_json,
    write_bytes_atomically,
    write_text_atomically,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_canonical_json_is_read_back_as_it_was(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(max_size=8), st.integers(), min_size=1, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)
    assert sha256_of_json(turned) == sha256_of_json(value)


def test_canonical_json_keeps_letters_and_refuses_what_is_no_json() -> None:
    assert canonical_json({"ሰ": 1, "a": [1, 2]}) == '{"a":[1,2],"ሰ":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert sha256_of_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    longer_than_a_chunk = bytes(range(251)) * 12_000
    path.write_bytes(longer_than_a_chunk)
    assert sha256_of_file(path) == hashlib.sha256(longer_than_a_chunk).hexdigest()


@pytest.mark.parametrize(
    "write", [lambda p: write_text_atomically(p, "new"), lambda p: write_bytes_atomically(p, b"new")]
)
def test_a_file_is_written_whole(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "deep" / "out.txt"
    write(path)
    write(path)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / "ours", "x")
    (tmp_path / "theirs").write_text("x")
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "file").touch(mode=0o600)
    (tmp_path / "their folder").mkdir()

    def mode(name: str) -> int:
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert mode("ours") == mode("folder/file") == mode("theirs")
    assert mode("folder") == mode("their folder")


def test_an_error_inside_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_text(f"half {1 // 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "out.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text_atomically(path, "new")
    with pytest.raises(OSError, match="No space left"), atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "file").write_text("x")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_keeps_the_suffix_writers_go_by(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "out.wav") as temporary:
        assert temporary.suffix == ".wav"
        assert temporary.parent == tmp_path


def test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    for content in ("one", "two"):
        with atomic_folder(folder) as temporary:
            (temporary / content).write_text(content)
    assert [path.name for path in folder.iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [folder]


def test_an_error_inside_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    with atomic_folder(folder) as temporary:
        (temporary / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_folder(folder) as temporary:
        (temporary / "file").write_text(f"half {1 // 0}")
    assert (folder / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_existing_output_is_refused_unless_forced(tmp_path: Path) -> None:
    refuse_existing(tmp_path / "new", force=False)
    refuse_existing(tmp_path, force=True)
    with pytest.raises(FileExistsRefused) as caught:
        refuse_existing(tmp_path, force=False)
    assert (caught.value.subject, "--force" in caught.value.hint) == (str(tmp_path), True)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_mode_follows_the_umask_and_leaves_it(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text_atomically(tmp_path / "out", "x")
        after = os.umask(umask)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode
    assert after == umask


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
def test_the_old_folder_stays_when_the_new_one_cannot_take_its_place(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "file").write_text("old")
    replace = Path.replace

    def refuse_the_new(path: Path, target: Path) -> Path:
        if path.parent == target.parent:
            raise error
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_the_new)
    with pytest.raises(type(error)), atomic_folder(folder) as temporary:
        (temporary / "file").write_text("new")
    assert (folder / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]


def test_the_old_folder_is_kept_even_if_it_cannot_be_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "file").write_text("old")
    replace = Path.replace

    def only_away(path: Path, target: Path) -> Path:
        if target == folder:
            raise OSError(errno.EIO, "Input/output error")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", only_away)
    with pytest.raises(OSError, match="Input/output"), atomic_folder(folder) as temporary:
        (temporary / "file").write_text("new")
    assert sorted(path.read_text() for path in tmp_path.rglob("file")) == ["new", "old"]
    monkeypatch.undo()
    recover_folder(folder)
    assert (folder / "file").read_text() == "new"


def test_a_folder_that_cannot_be_moved_away_stays_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(path: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy")

    (tmp_path / "voice").mkdir()
    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(OSError, match="busy"), atomic_folder(tmp_path / "voice"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "voice"]


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "disk" / "out.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for content in ("one", "two"):
        write_text_atomically(link, content)
        assert link.is_symlink()
        assert target.read_text() == content


def test_no_file_takes_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for name in ("pipe", "null"):
        with pytest.raises(FileExistsRefused, match="device or a pipe"):
            write_text_atomically(tmp_path / name, "x")
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "null"}
    assert (tmp_path / "pipe").is_fifo()


def test_no_file_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "voice").mkdir()
    with pytest.raises(IsADirectoryError):
        write_text_atomically(tmp_path / "voice", "x")
    assert list(tmp_path.rglob("*")) == [tmp_path / "voice"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_what_is_replaced_leaves_its_mode_and_owner(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "voice"
    with atomic_folder(folder) as temporary:
        (temporary / "file").write_text("old")
    write_text_atomically(tmp_path / "out", "old")
    for path, bits in ((tmp_path / "out", mode), (folder / "file", mode), (folder, 0o700)):
        path.chmod(bits)
        if os.geteuid() == 0:
            os.chown(path, 12, 34)
    write_text_atomically(tmp_path / "out", "new")
    with atomic_folder(folder) as temporary:
        (temporary / "file").write_text("new")
        (temporary / "other").write_text("new")
    for path, bits in ((tmp_path / "out", mode), (folder / "file", mode), (folder, 0o700)):
        status = path.stat()
        assert stat.S_IMODE(status.st_mode) == bits
        if os.geteuid() == 0:
            assert (status.st_uid, status.st_gid) == (12, 34)
    (tmp_path / "theirs").write_text("x")
    assert (folder / "other").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@pytest.mark.parametrize("name", ["x" * 251 + ".wav", "x" * 255, "ሀ" * 85, "a." + "b" * 253, "out" + "." * 200])
def test_every_name_that_a_file_can_have_can_be_written(tmp_path: Path, name: str) -> None:
    write_text_atomically(tmp_path / name, "x")
    with atomic_folder(tmp_path / "folders" / name) as temporary:
        (temporary / "file").write_text("x")
    assert (tmp_path / name).read_text() == (tmp_path / "folders" / name / "file").read_text() == "x"


def test_links_in_a_circle_are_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        write_text_atomically(tmp_path / "a", "x")
    assert (caught.value.errno, caught.value.filename) == (errno.ELOOP, str(tmp_path / "a"))


def test_the_folder_behind_a_link_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "disk" / "voice"
    link.symlink_to(target)
    for content in ("one", "two"):
        with atomic_folder(link) as temporary:
            (temporary / "file").write_text(content)
        assert link.is_symlink()
        assert (target / "file").read_text() == content
    assert [path.name for path in target.parent.iterdir()] == ["voice"]


KILLED = """
import os, signal, sys
from pathlib import Path
from amhctl.core.files import atomic_folder, write_text_atomically

calls = 0

def kill_before(event, arguments):
    # Python tells this hook of every call of the system that renames, whoever makes it.
    global calls
    if event == "os.rename":
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
sys.addaudithook(kill_before)
for number in (1, 2):
    with atomic_folder(folder / "state") as temporary:
        for name in ("weights", "manifest"):
            write_text_atomically(temporary / name, str(number))
print(calls)
"""


def test_a_kill_at_any_rename_loses_nothing(tmp_path: Path) -> None:
    def start(place: Path, at: int) -> subprocess.CompletedProcess[str]:
        place.mkdir()
        command = [sys.executable, "-c", KILLED, str(place), str(at)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = start(tmp_path / "whole", 0)
    renames = int(whole.stdout)
    assert (whole.returncode, renames) == (0, 2 * 2 + 1 + 4)
    for at in range(1, renames + 1):
        place = tmp_path / str(at)
        assert start(place, at).returncode == -signal.SIGKILL
        folder = place / "state"
        recover_folder(folder)
        # Two files and the folder to its place; two files, the folder complete, the old one away, the new one in, and
        # the old one given up. Once the old one is away, the new one is the state.
        expected = [""] * 3 + ["1"] * 4 + ["2"] * 2
        states = {(folder / name).read_text() for name in ("weights", "manifest")} if folder.exists() else {""}
        assert states == {expected[at - 1]}, at
        with atomic_folder(folder) as temporary:
            (temporary / "after").touch()
        assert [path.name for path in place.iterdir()] == ["state"], at


@pytest.mark.parametrize("write", [atomic_path, atomic_folder])
def test_a_failure_leaves_no_folder_that_was_created_for_it(
    tmp_path: Path, write: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    def fail(*, beside: Path | None = None) -> None:
        with write(tmp_path / "a" / "b" / "c"):
            if beside is not None:
                beside.write_text("kept")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="no"):
        fail(beside=tmp_path / "a" / "of another")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "of another"]
