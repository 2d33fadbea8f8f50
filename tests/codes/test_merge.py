from pathlib import Path

import numpy as np
import pytest
from support.stores import MEL, SPEC, create_store, fill, toy_store

from amhctl.codes import merge as storemerge
from amhctl.codes.merge import Merge, merge_stores
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import verify_store
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError, FileExistsRefused, InUseError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record


def _merge(target: Path, *sources: Path) -> Merge:
    return merge_stores([CodeStore.open(path) for path in sources], target, SilentProgress())


def _bytes(store: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in store.iterdir()}


def _part(path: Path, first: int, last: int) -> Path:
    with StoreWriter.create(path, SPEC, MEL) as store:
        fill(store, first, last)
    return path


def test_stores_become_one_in_whatever_order(tmp_path: Path) -> None:
    one, two = _part(tmp_path / "one", 0, 4), _part(tmp_path / "two", 3, 7)
    with pytest.raises(DatasetError, match="under this id"):
        _merge(tmp_path / "merged", one, two)
    assert not (tmp_path / "merged").exists()
    two = _part(tmp_path / "three", 4, 7)
    assert _merge(tmp_path / "merged", one, two) == Merge(7, 0, 0.0, aligned=False)
    _merge(tmp_path / "again", two, one)
    assert _bytes(tmp_path / "merged") == _bytes(tmp_path / "again")
    merged = CodeStore.open(tmp_path / "merged")
    for source in (CodeStore.open(one), CodeStore.open(two)):
        for entry in source.entries:
            assert np.array_equal(merged.codes(entry.id), source.codes(entry.id))
            assert np.array_equal(merged.features(entry.id), source.features(entry.id))
            assert (merged.path / merged.entry(entry.id).record.audio) == (source.path / entry.record.audio)


def test_stores_whose_ids_alternate_and_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storemerge, "_UTTERANCES_BETWEEN_SYNCS", 2)
    for name, numbers in (("even", (6, 0, 4, 2)), ("odd", (5, 1, 3)), ("some", (4, 3))):
        with StoreWriter.create(tmp_path / name / "store", SPEC, MEL) as store:
            for number in numbers:
                fill(store, number, number + 1)
                # Paths in different folders that lead to the same file.
                record = store.entry(f"u{number}").record
                store.amend(record.model_copy(update={"audio": f"{tmp_path}/wav/{number}.wav", "duration": number + 1}))
    merge = _merge(tmp_path / "merged", *(tmp_path / name / "store" for name in ("odd", "even", "some")))
    assert merge == Merge(7, 0, 28 / 3600, aligned=False)
    merged = CodeStore.open(tmp_path / "merged")
    assert merged.ids == tuple(f"u{n}" for n in range(7))
    assert verify_store(merged.path, SilentProgress()).findings == ()
    _merge(tmp_path / "again", *(tmp_path / name / "store" for name in ("some", "even", "odd")))
    assert _bytes(tmp_path / "merged") == _bytes(tmp_path / "again")


def test_shards_of_one_store_become_one_part_and_the_same_store(tmp_path: Path) -> None:
    path = tmp_path / "store"
    StoreWriter.create(path, SPEC, MEL)
    for number in (2, 1):
        with StoreWriter.open(path, part=f"{number}-of-2") as store:
            fill(store, 3 * (number - 1), 3 * number)
    _merge(tmp_path / "merged", path)
    assert (tmp_path / "merged" / "codes-1-of-1.bin").exists()
    whole = _part(tmp_path / "whole", 0, 6)
    _merge(tmp_path / "copy", whole)
    names = ("codes-1-of-1.bin", "features-1-of-1.bin")
    assert [_bytes(tmp_path / "merged")[n] for n in names] == [_bytes(tmp_path / "copy")[n] for n in names]


def test_the_same_data_are_stored_once(tmp_path: Path) -> None:
    codes, features = np.ones((2, 5), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    for name in ("a", "b"):
        with StoreWriter.create(tmp_path / name, SPEC, MEL) as store:
            store.append(Record(id=name, audio="/x.wav", text="ሰላም"), codes, features)
    assert _merge(tmp_path / "merged", tmp_path / "a", tmp_path / "b").shared == 1
    merged = CodeStore.open(tmp_path / "merged")
    assert len(merged) == 2
    assert (tmp_path / "merged" / "codes-1-of-1.bin").stat().st_size == codes.nbytes
    assert all(merged.is_intact(id_) for id_ in ("a", "b"))


def test_alignments_are_carried_over_if_they_are_of_one_kind(tmp_path: Path) -> None:
    paths = [_part(tmp_path / "one", 0, 2), _part(tmp_path / "two", 2, 4)]
    for path, text_hash in zip(paths, ("t", "t"), strict=True):
        store = CodeStore.open(path)
        durations = {entry.id: np.array([entry.frames - 1, 1], dtype=np.uint16) for entry in store.entries}
        store.write_alignment(durations, vocabulary_fingerprint="v", text_hash=text_hash)
    assert _merge(tmp_path / "merged", *paths).aligned
    alignment = CodeStore.open(tmp_path / "merged").alignment()
    assert alignment is not None
    assert {id_: alignment.durations(id_).tolist() for id_ in alignment.ids} == {f"u{n}": [4 + n, 1] for n in range(4)}
    store.write_alignment(durations, vocabulary_fingerprint="v", text_hash="another")
    assert not _merge(tmp_path / "other", *paths).aligned
    assert CodeStore.open(tmp_path / "other").alignment() is None


def test_stores_that_do_not_belong_together_and_damage_are_refused(tmp_path: Path) -> None:
    one = _part(tmp_path / "one", 0, 2)
    with StoreWriter.create(tmp_path / "two", SPEC.model_copy(update={"fingerprint": "e" * 64}), MEL) as store:
        fill(store, 2, 3)
    with pytest.raises(DatasetError, match="fingerprint"):
        _merge(tmp_path / "merged", one, tmp_path / "two")
    with pytest.raises(FileExistsRefused):
        _merge(tmp_path / "two", one)
    file = one / "features-1-of-1.bin"
    content = bytearray(file.read_bytes())
    content[0] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(DatasetError, match="are damaged"):
        _merge(tmp_path / "merged", one)
    file.write_bytes(bytes(content)[:-1])
    with pytest.raises(DatasetError, match="data of u1"):
        _merge(tmp_path / "merged", one)
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}


def test_stores_of_different_precision_are_not_mixed(tmp_path: Path) -> None:
    for name, precision in (("one", "fp32"), ("two", "bf16"), ("three", "bf16")):
        with StoreWriter.create(tmp_path / name, SPEC, MEL, precision=precision) as store:  # type: ignore[arg-type]
            fill(store, len(name), len(name) + 2)
    one, two, three = (CodeStore.open(tmp_path / name) for name in ("one", "two", "three"))
    with pytest.raises(DatasetError, match="precision fp32 ≠ bf16"):
        merge_stores([one, two], tmp_path / "mixed", SilentProgress())
    merge_stores([two, three], tmp_path / "whole", SilentProgress())
    assert CodeStore.open(tmp_path / "whole").document.precision == "bf16"


def test_a_store_that_is_being_written_is_not_replaced(tmp_path: Path) -> None:
    one = _part(tmp_path / "one", 0, 2)
    with StoreWriter.create(tmp_path / "target", SPEC, MEL) as written:
        fill(written, 5, 6)
        with pytest.raises(InUseError, match="shard 1-of-1 of the store is in use"):
            merge_stores([CodeStore.open(one)], tmp_path / "target", SilentProgress(), force=True)
        fill(written, 6, 7)
    merge_stores([CodeStore.open(one)], tmp_path / "target", SilentProgress(), force=True)
    assert CodeStore.open(tmp_path / "target").ids == ("u0", "u1")
    assert not list((tmp_path / "target").glob(".lock*"))


def test_acoustics_go_along_and_damage_in_them_is_refused(tmp_path: Path) -> None:
    for name, first in (("one", 0), ("two", 4)):
        with create_store(tmp_path / name, acoustic=True) as store:
            fill(store, first, first + 4)
            durations = {entry.id: np.array([entry.acoustic_frames - 3, 3]) for entry in store}
            store.write_alignment(durations, vocabulary_fingerprint="v", text_hash="t", acoustic=True)
    assert _merge(tmp_path / "merged", tmp_path / "two", tmp_path / "one").aligned
    merged, whole = CodeStore.open(tmp_path / "merged"), toy_store(tmp_path / "whole", 8, acoustic=True)
    assert merged.fingerprint == whole.fingerprint
    names = [file.name for file in whole.document.layout.files(whole.path, "1-of-1")]
    assert len(names) == 4
    assert [_bytes(merged.path)[name] for name in names] == [_bytes(whole.path)[name] for name in names]
    alignment = merged.alignment()
    assert alignment is not None
    assert [alignment.acoustic_durations(f"u{n}").tolist() for n in (0, 5)] == [[17, 3], [37, 3]]
    plain = _part(tmp_path / "plain", 8, 9)
    with pytest.raises(DatasetError, match="settings differ between the stores: acoustics yes ≠ no"):
        _merge(tmp_path / "mixed", tmp_path / "one", plain)
    file = tmp_path / "one" / "speaker-1-of-1.bin"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DatasetError, match="are damaged"):
        _merge(tmp_path / "again", tmp_path / "one")
