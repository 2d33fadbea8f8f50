"""Twin of ``checkpoint/signature.py``: a folder that is not as it was signed is told, whatever was done to it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from amhctl.checkpoint.signature import (
    SIGNATURE_FILE,
    Signature,
    SignedFile,
    check_signature,
    read_contents,
    read_signature,
    root_of,
)
from amhctl.core.errors import CheckpointError
from amhctl.core.files import canonical_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a signed folder of three files, one of them in a folder of its own."""
    place = tmp_path / "voice"
    (place / "codec").mkdir(parents=True)
    (place / "a.bin").write_bytes(b"abc")
    (place / "ቃል.json").write_bytes(b"{}")
    (place / "codec" / "b.bin").write_bytes(b"")
    sign(place)
    return place


def sign(place: Path, **changes: object) -> None:
    files = dict(read_contents(place).files)
    signature = Signature(name="tiny", package_version="0", root=root_of(files), files=files)
    document = {**signature.model_dump(mode="json"), **changes}
    (place / SIGNATURE_FILE).write_text(json.dumps(document), encoding="utf-8")


def faults(place: Path, root: str | None = None) -> list[tuple[str, str]]:
    found = check_signature(place, place / SIGNATURE_FILE, root)
    return [(finding.code, finding.subject) for finding in found]


def test_the_root_is_what_the_format_says(folder: Path) -> None:
    def sha(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    def leaf(content: bytes) -> dict[str, object]:
        return {"bytes": len(content), "sha256": sha(content)}

    inner = sha(canonical_json({"b.bin": leaf(b"")}).encode())
    whole = {"a.bin": leaf(b"abc"), "ቃል.json": leaf(b"{}"), "codec": {"folder": inner}}
    assert read_signature(folder / SIGNATURE_FILE).root == sha(canonical_json(whole).encode())
    assert list(read_contents(folder).files) == ["a.bin", "codec/b.bin", "ቃል.json"]


def test_what_is_as_it_was_signed_passes(folder: Path) -> None:
    assert faults(folder) == []
    root = read_signature(folder / SIGNATURE_FILE).root
    assert faults(folder, f" {root.upper()}\n") == []
    assert check_signature(folder, None, root) == ()


def test_neither_place_nor_time_of_a_folder_matters(folder: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    os.utime(moved / "a.bin", (0, 0))
    (moved / "a.bin").chmod(0o600)
    assert faults(moved) == []


def link(place: Path, target: str) -> None:
    place.unlink()
    place.symlink_to(target)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed byte": (lambda place: (place / "a.bin").write_bytes(b"abd"), "a.bin"),
    "changed byte within": (lambda place: (place / "codec" / "b.bin").write_bytes(b"x"), "codec/b.bin"),
    "cut short": (lambda place: (place / "a.bin").write_bytes(b"ab"), "a.bin"),
    "extra file": (lambda place: (place / "extra").write_bytes(b""), "extra"),
    "hidden file": (lambda place: (place / ".hidden").write_bytes(b""), ".hidden"),
    "extra file within": (lambda place: (place / "codec" / "c.bin").write_bytes(b""), "codec/c.bin"),
    "signature within": (lambda place: (place / "codec" / SIGNATURE_FILE).write_bytes(b""), f"codec/{SIGNATURE_FILE}"),
    "missing file": (lambda place: (place / "a.bin").unlink(), "a.bin"),
    "missing folder": (lambda place: shutil.rmtree(place / "codec"), "codec/b.bin"),
    "link in place of a file": (lambda place: link(place / "a.bin", "ቃል.json"), "a.bin"),
    "link to the same bytes": (
        lambda place: ((place.parent / "same").write_bytes(b"abc"), link(place / "a.bin", "../same")),
        "a.bin",
    ),
    "link to nowhere": (lambda place: (place / "l").symlink_to("nowhere"), "l"),
    "link to the folder": (lambda place: (place / "l").symlink_to("."), "l"),
    "pipe": (lambda place: os.mkfifo(place / "pipe"), "pipe"),
    "file in place of a folder": (
        lambda place: (shutil.rmtree(place / "codec"), (place / "codec").write_bytes(b"")),
        "codec",
    ),
    "no text": (lambda place: Path(os.fsdecode(os.fsencode(place) + b"/\xff")).write_bytes(b""), "\udcff"),
}


@pytest.mark.parametrize(("change", "subject"), HOSTILE.values(), ids=HOSTILE)
def test_what_was_done_to_a_folder_is_told(change: Callable[[Path], object], subject: str, folder: Path) -> None:
    root = read_signature(folder / SIGNATURE_FILE).root
    change(folder)
    assert ("C025", subject) in faults(folder)
    assert [finding.subject for finding in check_signature(folder, None, root)] == ["root"]


def test_a_file_that_changes_its_name_is_told_twice(folder: Path) -> None:
    (folder / "a.bin").rename(folder / "b.bin")
    assert faults(folder) == [("C025", "a.bin"), ("C025", "b.bin")]


def test_who_signs_anew_is_told_by_the_root_alone(folder: Path) -> None:
    root = read_signature(folder / SIGNATURE_FILE).root
    (folder / "a.bin").write_bytes(b"abd")
    sign(folder)
    assert faults(folder) == []
    assert faults(folder, root) == [("C025", "root")]


@pytest.mark.parametrize(
    "changes",
    [
        {"root": "0" * 64},
        {"root": "short"},
        {"files": {}},
        {"files": {"a.bin": {"bytes": 3}}},
        {"files": {"../a.bin": {"bytes": 3, "sha256": "0" * 64}}},
        {"files": {"/etc/passwd": {"bytes": 3, "sha256": "0" * 64}}},
        {"files": {"a.bin": {"bytes": "3", "sha256": "0" * 64}}},
        {"kind": "rsa"},
        {"format_version": 2},
        {"more": 1},
    ],
)
def test_a_signature_that_is_none_is_told(changes: dict[str, object], folder: Path) -> None:
    if set(changes.get("files", ())) and "root" not in changes:  # type: ignore[call-overload]
        try:
            files = {name: SignedFile.model_validate(each) for name, each in changes["files"].items()}  # type: ignore[attr-defined]
            changes = {**changes, "root": root_of(files)}
        except ValueError:
            pass
    sign(folder, **changes)
    assert [code for code, _ in faults(folder)] == ["C026"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 99_999])
def test_a_signature_that_is_no_document_is_told(content: bytes, folder: Path) -> None:
    (folder / SIGNATURE_FILE).write_bytes(content)
    assert [code for code, _ in faults(folder)] == ["C026"]


def test_a_signature_that_is_not_there_or_a_link_is_told(folder: Path) -> None:
    (folder / SIGNATURE_FILE).rename(folder.parent / "elsewhere.json")
    assert [code for code, _ in faults(folder)] == ["C026"]
    assert check_signature(folder, folder.parent / "elsewhere.json", None) == ()
    (folder / SIGNATURE_FILE).symlink_to("../elsewhere.json")
    assert [code for code, _ in faults(folder)] == ["C026"]


def test_a_later_version_is_named(folder: Path) -> None:
    sign(folder, format_version=7, package_version="9.9")
    with pytest.raises(
        CheckpointError, match=r"format version 7, this version of amhctl reads 1; amhctl 9\.9 wrote it"
    ):
        read_signature(folder / SIGNATURE_FILE)
