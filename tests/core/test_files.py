"""Files: whole or not at all, the same digest everywhere, nothing overwritten unasked."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import FileExistsRefused
from amhctl.core.files import (
    atomic_folder,
    atomic_path,
    canonical_json,
    refuse_existing,
    sha256_of_file,
    sha256_of_json,
    write_bytes_atomically,
    write_text_atomically,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_is_read_back_as_it_was(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=1))
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
    path.write_bytes(b"x" * (3 << 20))
    assert sha256_of_file(path) == sha256_of_file(path)


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
        raise OSError(28, "No space left on device")

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
