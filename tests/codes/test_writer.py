import os
from pathlib import Path

import numpy as np
import pytest
from support.stores import MEL, SPEC, fill, toy_acoustics, toy_store

from amhctl.codes.index import AudioDigest
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError, FileExistsRefused, InUseError
from amhctl.corpus.records import Record


def test_an_existing_store_is_not_created_again(tmp_path: Path) -> None:
    toy_store(tmp_path / "store")
    with pytest.raises(FileExistsRefused):
        StoreWriter.create(tmp_path / "store", SPEC, MEL)


def test_a_folder_of_something_else_becomes_no_store(tmp_path: Path) -> None:
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice" / "model.safetensors").touch()
    (tmp_path / "file").touch()
    for name in ("voice", "file"):
        with pytest.raises(FileExistsRefused):
            StoreWriter.create(tmp_path / name, SPEC, MEL)
    assert [path.name for path in (tmp_path / "voice").iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("acoustic", [False, True])
@pytest.mark.parametrize("cut", [1, 7, 40, 200, 600])
def test_a_store_cut_anywhere_opens_and_goes_on(tmp_path: Path, cut: int, *, acoustic: bool) -> None:
    path = tmp_path / "store"
    store = toy_store(path, acoustic=acoustic)
    whole = store.fingerprint
    for name in ("index-1-of-1.jsonl", *(file.name for file in store.document.layout.files(path, "1-of-1"))):
        file = path / name
        content = file.read_bytes()
        file.write_bytes(content[: max(0, len(content) - (cut if "index" in name else cut // 8))])
    store = StoreWriter.open(path)
    kept = len(store)
    assert kept < 6
    fill(store, kept, 6)
    store.close()
    again = CodeStore.open(path)
    assert again.fingerprint == whole
    assert all(again.is_intact(entry.id) for entry in again.entries)


def test_data_behind_the_last_index_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path)
    size = (path / "codes-1-of-1.bin").stat().st_size
    with (path / "codes-1-of-1.bin").open("ab") as stream:
        stream.write(b"12345")
    with StoreWriter.open(path) as store:
        fill(store, 6, 7)
    assert (path / "codes-1-of-1.bin").stat().st_size == size + 2 * 2 * (5 + 6)
    assert CodeStore.open(path).is_intact("u6")


def test_parts_are_written_side_by_side_and_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "store"
    StoreWriter.create(path, SPEC, MEL)
    with StoreWriter.open(path, part="1-of-2") as first, StoreWriter.open(path, part="2-of-2") as second:
        fill(first, 0, 3)
        fill(second, 3, 6)
    assert {entry.id for entry in CodeStore.open(path).entries} == {f"u{n}" for n in range(6)}


def test_one_part_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "store"
    store = toy_store(path)
    fill(store, 6, 7)
    with pytest.raises(InUseError, match=f"shard 1-of-1 of the store is in use: process {os.getpid()} "):
        fill(StoreWriter.open(path), 7, 8)
    store.close()
    with StoreWriter.open(path) as other:
        fill(other, 7, 8)
    # The first one's view is old by now; it looks again before it writes.
    fill(store, 8, 9)
    store.close()
    assert len(CodeStore.open(path)) == 9


def test_bad_items_are_refused(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store")
    record = Record(id="new", audio="a.wav", text="ሰላም")
    codes = np.zeros((2, 4), dtype=np.uint16)
    features = np.zeros((9, 8), dtype=np.float16)
    for bad_codes, bad_features in (
        (codes + 16, features),
        (codes[:1], features),
        (codes.astype(np.int64), features),
        (codes[:, :0], features),
        (codes, features[:, :4]),
        (codes, features * np.nan),
    ):
        with pytest.raises(DatasetError):
            store.append(record, bad_codes, bad_features)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="already"):
        store.append(record.model_copy(update={"id": "u0"}), codes, features)
    store.close()
    assert len(CodeStore.open(tmp_path / "store")) == 6


def test_utterances_of_the_same_audio_share_data(tmp_path: Path) -> None:
    path = tmp_path / "store"
    codes, features = np.ones((2, 5), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    audio = AudioDigest("f", "samples")
    first, second = (Record(id=id_, audio="a.wav", text="ሰላም") for id_ in ("a", "b"))
    with StoreWriter.create(path, SPEC, MEL) as store:
        assert store.twin("samples") is None
        store.append(first, codes, features, audio=audio)
    with StoreWriter.open(path) as store:
        twin = store.twin("samples")
        assert twin is not None
        store.point(second, twin, audio)
        store.distrust("b")
        assert store.twin("samples") is None
    opened = CodeStore.open(path)
    assert (path / "codes-1-of-1.bin").stat().st_size == codes.nbytes
    assert np.array_equal(opened.codes("b"), codes)
    assert opened.entry("b").audio == audio
    # Another part has files of its own: what lies there cannot be pointed to.
    assert StoreWriter.open(path, part="2-of-2").twin("samples") is None


def test_what_is_written_is_read_at_once_and_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "store"
    StoreWriter.create(path, SPEC, MEL)
    for number in (1, 2):
        with StoreWriter.open(path, part=f"{number}-of-2") as store:
            fill(store, 3 * number, 3 * number + 3)
            assert list(store) == list(store.entries) == list(CodeStore.open(path))
    opened = CodeStore.open(path)
    assert opened.ids == ("u3", "u4", "u5", "u6", "u7", "u8")
    chosen = ("u8", "u3", "u7", "u3")
    assert list(opened.read(chosen)) == [opened.entry(id_) for id_ in chosen]
    assert [entry.part for entry in opened.read(chosen)] == ["2-of-2", "1-of-2", "2-of-2", "1-of-2"]


def test_data_that_are_distrusted_stay_so_when_others_are_written(tmp_path: Path) -> None:
    path = tmp_path / "store"
    features = np.ones((11, 8), dtype=np.float16)
    records = {id_: Record(id=id_, audio="a.wav", text="ሰላም") for id_ in ("a", "b")}

    def append(store: StoreWriter, id_: str, *, replace: bool = False) -> None:
        codes = np.full((2, 5), len(id_) + (id_ == "b"), dtype=np.uint16)
        store.append(records[id_], codes, features, audio=AudioDigest("f", id_), replace=replace)

    with StoreWriter.create(path, SPEC, MEL) as store:
        append(store, "a")
        append(store, "b")
    with StoreWriter.open(path) as store:
        for id_ in records:
            store.distrust(id_)
        append(store, "a", replace=True)
        assert store.twin("b") is None
        twin = store.twin("a")
        assert twin is not None
        assert twin == store.entry("a")


def test_an_utterance_is_replaced_only_where_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path, 2)
    codes, features = np.ones((2, 9), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    with StoreWriter.open(path) as store:
        record = store.entry("u0").record
        with pytest.raises(DatasetError, match="already"):
            store.append(record, codes, features)
        store.append(record, codes, features, replace=True)
    opened = CodeStore.open(path)
    assert len(opened) == 2
    assert np.array_equal(opened.codes("u0"), codes)
    assert opened.is_intact("u1")
    with StoreWriter.open(path, part="2-of-2") as other, pytest.raises(DatasetError, match="shard 1-of-1"):
        other.append(record, codes, features, replace=True)


def test_an_utterance_given_the_data_of_another_has_its_acoustics(tmp_path: Path) -> None:
    with toy_store(tmp_path / "store", 2, acoustic=True) as store:
        record = store.entry("u1").record
        store.point(record.model_copy(update={"id": "twin"}), store.entry("u1"), AudioDigest("f", "s"))
        store.amend(record.model_copy(update={"text": "ሌላ"}))
    opened = CodeStore.open(tmp_path / "store")
    for id_ in ("twin", "u1"):
        np.testing.assert_array_equal(opened.acoustics(id_).pack(), toy_acoustics(1, 24).pack())
        assert opened.is_intact(id_)
