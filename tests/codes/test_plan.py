from pathlib import Path

import numpy as np
import pytest
from support.manifests import tiny_manifest
from support.stores import MEL, SPEC

from amhctl.codes.index import AudioDigest
from amhctl.codes.plan import (
    add_shifts,
    plan_extraction,
    require_distinct,
    stored_record,
    vary_copies,
)
from amhctl.codes.preparation import Source
from amhctl.codes.writer import StoreWriter
from amhctl.config.augmentation import AugmentConfig
from amhctl.core.errors import DatasetError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.core.units import Seconds
from amhctl.corpus.records import read_records
from amhctl.parallel.workers import open_pool


def test_a_plan_orders_by_length_and_names_what_is_missing(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    records = [r.model_copy(update={"duration": None}) for r in reversed(read_records(manifest))]
    (tmp_path / "wav" / "r2.wav").unlink()
    store = StoreWriter.create(tmp_path / "store", SPEC, MEL)
    with open_pool(0) as pool:
        plan = plan_extraction(store, [Source(r) for r in records], tmp_path, pool, SilentProgress())
    assert [[r.id for r in batch] for batch in plan.batches] == [["r0", "r1", "r3"]]
    assert list(plan.failed) == ["r2"]
    assert plan.utterances == 3


def test_shifted_copies_follow_training_utterances_only(tmp_path: Path) -> None:
    records = [
        record.model_copy(update={"split": split, "offset": 1.0, "duration": duration})
        for record, split, duration in zip(
            read_records(tiny_manifest(tmp_path)),
            ("train", "valid", "test", "train"),
            (2.0, 2.0, 2.0, None),
            strict=True,
        )
    ]
    expanded = add_shifts(records, 4, Seconds(0.04))
    assert [r.id for r in expanded] == ["r0", "r0~1", "r0~2", "r0~3", "r1", "r2", "r3", "r3~1", "r3~2", "r3~3"]
    assert [r for r in expanded if "~" not in r.id] == records
    assert [r.offset for r in expanded[:4]] == pytest.approx([1.0, 1.01, 1.02, 1.03])
    assert [r.offset + (r.duration or 0.0) for r in expanded[:4]] == pytest.approx([3.0] * 4)
    assert {r.duration for r in expanded[6:]} == {None}
    assert add_shifts(records, 1, Seconds(0.04)) == tuple(records)


def test_an_utterance_shorter_than_the_shift_is_not_copied(tmp_path: Path) -> None:
    short = read_records(tiny_manifest(tmp_path))[0].model_copy(update={"split": "train", "duration": 0.015})
    assert [record.id for record in add_shifts([short], 4, Seconds(0.04))] == ["r0", "r0~1"]


def test_what_lies_changed_in_another_shard_is_listed(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=2))
    codes, features = np.ones((2, 5), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    with StoreWriter.create(tmp_path / "store", SPEC, MEL, part="1-of-2") as store:
        for record in records:
            audio = AudioDigest(sha256_of_file(tmp_path / record.audio), record.id)
            store.append(stored_record(record, tmp_path, store, record.duration or 0.0), codes, features, audio=audio)
    edited = [Source(records[0]), Source(records[1].model_copy(update={"text": "ሌላ"}))]
    with open_pool(0) as pool:
        other = plan_extraction(
            StoreWriter.open(tmp_path / "store", part="2-of-2"), edited, tmp_path, pool, SilentProgress()
        )
        own = plan_extraction(
            StoreWriter.open(tmp_path / "store", part="1-of-2"), edited, tmp_path, pool, SilentProgress()
        )
    assert (other.batches, other.amended) == ((), ())
    assert set(other.failed) == {"r1"}
    assert "1/2" in other.failed["r1"]
    assert [record.text for record in own.amended] == ["ሌላ"]
    assert (own.failed, own.replaced) == ({}, frozenset())


_STRONG = AugmentConfig(speed=0.1, semitones=1.0, noise_share=0.5, room_share=0.5)


def test_copies_are_of_training_utterances_and_each_its_own(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path))
    copies = vary_copies(records, 2, _STRONG, seed=5)
    assert [c.id for c in copies] == ["r1+1", "r1+2", "r2+1", "r2+2", "r3+1", "r3+2"]
    assert [(c.record.audio, c.record.text, c.record.duration) for c in copies[:2]] == [
        (records[1].audio, records[1].text, records[1].duration)
    ] * 2
    assert len({c.variation for c in copies}) == 6
    # Neither the rest of the manifest nor how many copies there are moves a copy; the seed does.
    assert vary_copies(records[3:], 1, _STRONG, seed=5) == copies[4:5]
    assert {c.variation for c in vary_copies(records, 2, _STRONG, seed=6)}.isdisjoint(c.variation for c in copies)
    assert vary_copies(records, 0, _STRONG, seed=5) == ()


def test_an_id_that_is_a_copys_is_refused(tmp_path: Path) -> None:
    record = read_records(tiny_manifest(tmp_path))[1]
    copies = vary_copies([record], 1, _STRONG, seed=0)
    require_distinct([Source(record), *copies])
    with pytest.raises(DatasetError, match="the id of an augmented copy") as caught:
        require_distinct([Source(record), Source(record.model_copy(update={"id": "r1+1"})), *copies])
    assert caught.value.subject == "r1+1"
