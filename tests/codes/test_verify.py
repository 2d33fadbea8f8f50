from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.stores import MEL, SPEC, fill, toy_store

from amhctl.codes.layout import ACOUSTICS
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import StoreVerification, verify_store
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record

_INDEX, _CODES, _FEATURES = "index-1-of-1.jsonl", "codes-1-of-1.bin", "features-1-of-1.bin"


def _verify(path: Path) -> StoreVerification:
    return verify_store(path, SilentProgress())


def _found(path: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in _verify(path).findings]


def _change(file: Path, change: Callable[[bytes], bytes]) -> None:
    file.write_bytes(change(file.read_bytes()))


def _flip(place: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_whole_store_has_no_finding(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    size = sum((path / name).stat().st_size for name in (_CODES, _FEATURES))
    assert _verify(path) == StoreVerification(("1-of-1",), 6, 0, size, ())
    with pytest.raises(DatasetError, match="no code store"):
        _verify(tmp_path)


@pytest.mark.parametrize("name", [_CODES, _FEATURES, "acoustics-1-of-1.bin", "speaker-1-of-1.bin"])
def test_every_flipped_bit_is_found(tmp_path: Path, name: str) -> None:
    store = toy_store(tmp_path / "store", 3, acoustic=True)
    path, layout = store.path, store.document.layout
    content = (path / name).read_bytes()
    column = [file.name for file in layout.files(path, "1-of-1")].index(name)
    bound = {entry.id: (layout.offsets(entry)[column], layout.ends(entry)[column]) for entry in store.entries}
    for place in range(0, len(content), 7):
        (path / name).write_bytes(_flip(place)(content))
        ((code, subject),) = _found(path)
        assert code == "X107"
        begin, end = bound[subject]
        assert begin <= place < end
        (path / name).write_bytes(content)
    assert _found(path) == []


def test_damaged_lines_are_all_named(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    lines = (path / _INDEX).read_bytes().splitlines(keepends=True)
    lines[1] = b"\x00" * (len(lines[1]) - 1) + b"\n"
    lines[3] = lines[3].replace(b'"frames"', b'"frame_"')
    (path / _INDEX).write_bytes(b"".join(lines))
    assert _found(path) == [("X113", f"{_INDEX}:2"), ("X113", f"{_INDEX}:4")]
    with pytest.raises(DatasetError, match="damaged") as caught:
        CodeStore.open(path)
    assert "codes extract" in caught.value.hint
    with StoreWriter.open(path, repair=True) as store:
        assert {entry.id for entry in store.entries} == {"u0", "u2", "u4", "u5"}
        fill(store, 1, 2)
        fill(store, 3, 4)
    assert _found(path) == []
    assert len(CodeStore.open(path)) == 6


def test_missing_data_and_unfinished_ends(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    with (path / _INDEX).open("ab") as stream:
        stream.write(b'{"record": {"id": "u6"')
    with (path / _FEATURES).open("ab") as stream:
        stream.write(b"12345")
    assert _found(path) == [("X115", _INDEX), ("X115", _FEATURES)]
    _change(path / _CODES, lambda content: content[: -4 * 18])
    assert _found(path) == [("X114", "u4"), ("X114", "u5")]
    assert len(CodeStore.open(path)) == 4


def test_shared_data_and_contradicting_parts(tmp_path: Path) -> None:
    path = tmp_path / "store"
    codes, features = np.ones((2, 5), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    record = Record(id="a", audio="a.wav", text="ሰላም")
    with StoreWriter.create(path, SPEC, MEL, part="1-of-2") as store:
        stored = store.append(record, codes, features)
        store.point(record.model_copy(update={"id": "b"}), stored, stored.audio)
    assert _verify(path).shared == 1
    (path / "aside").mkdir()
    (path / "index-1-of-2.jsonl").rename(path / "aside" / "index")
    with StoreWriter.open(path, part="2-of-2") as store:
        store.append(record, codes + 1, features)
    (path / "aside" / "index").rename(path / "index-1-of-2.jsonl")
    assert _found(path) == [("X116", "a")]


def test_of_lines_with_one_id_the_last_of_the_first_part_counts(tmp_path: Path) -> None:
    path = tmp_path / "store"
    StoreWriter.create(path, SPEC, MEL)
    for number in (1, 2):
        with StoreWriter.open(path, part=f"{number}-of-2") as store:
            fill(store, 0, 2)
        (path / f"index-{number}-of-2.jsonl").rename(tmp_path / f"{number}")
    with StoreWriter.create(path / "aside", SPEC, MEL) as store:
        fill(store, 2, 3)
        other = (store.codes("u2"), store.features("u2"))
    (tmp_path / "2").rename(path / "index-2-of-2.jsonl")
    with StoreWriter.open(path, part="2-of-2") as store:
        record, codes, features = store.entry("u0").record, store.codes("u0"), store.features("u0")
        store.append(record, *other, replace=True)
        store.append(record, codes, features, replace=True)
    (tmp_path / "1").rename(path / "index-1-of-2.jsonl")
    # What stood in between is neither compared nor read.
    assert _found(path) == []
    _change(path / "codes-2-of-2.bin", lambda content: bytes(len(content)))
    assert _found(path) == []
    _change(path / "codes-1-of-2.bin", _flip(0))
    assert _found(path) == [("X107", "u0")]


@pytest.mark.parametrize("name", ["acoustics-1-of-1.bin", "speaker-1-of-1.bin"])
def test_missing_and_superfluous_acoustics(tmp_path: Path, name: str) -> None:
    path = toy_store(tmp_path / "store", acoustic=True).path
    whole = (path / name).read_bytes()
    (path / name).write_bytes(whole + b"123")
    assert _found(path) == [("X115", name)]
    (path / name).write_bytes(whole[:-1])
    assert _found(path) == [("X114", "u5")]
    (path / name).unlink()
    assert _found(path) == [("X114", f"u{number}") for number in range(6)]
    assert CodeStore.open(path).missing == ("u0",)
    with StoreWriter.open(path, repair=True) as store:
        fill(store, 0, 6)
    assert _found(path) == []
    assert (path / name).read_bytes() == whole


def test_an_alignment_of_other_acoustics(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 2, acoustic=True)
    durations = {"u0": np.array([20]), "u1": np.array([20, 4])}
    store.write_alignment(durations, vocabulary_fingerprint="v", text_hash="t", acoustic=True)
    assert _found(store.path) == []
    with StoreWriter.open(store.path) as store:
        columns = {**store.columns("u0"), ACOUSTICS: store.columns("u0")[ACOUSTICS][:-1]}
        store.append_columns(store.entry("u0").record, columns, replace=True)
    (finding,) = _verify(store.path).findings
    assert (finding.code, finding.subject) == ("X117", "u0")
    assert finding.message == "5 and 20 aligned frames, 5 and 19 in the store"


def test_an_alignment_of_other_codes(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 2)
    store.write_alignment({"u0": np.array([5])}, vocabulary_fingerprint="v", text_hash="t")
    assert _found(store.path) == []
    with StoreWriter.open(store.path) as store:
        store.append(store.entry("u0").record, np.ones((2, 7), np.uint16), np.ones((11, 8), np.float16), replace=True)
    assert _found(store.path) == [("X117", "u0")]
