from pathlib import Path

import pytest
from support.manifests import tiny_manifest
from support.stores import MEL, SPEC

from amhctl.core.errors import DatasetError
from amhctl.data.codestore import CodeStore
from amhctl.data.extraction import Shard, plan_extraction
from amhctl.data.records import read_records


def test_shards_cover_a_manifest_once(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=5))
    shards = [Shard.parse(f"{i}/3") for i in (1, 2, 3)]
    assert sorted(r.id for shard in shards for r in shard.of(records)) == [r.id for r in records]
    assert shards[1].part == "2-of-3"
    for text in ("0/3", "4/3", "1", "a/b", "1/0"):
        with pytest.raises(DatasetError):
            Shard.parse(text)


def test_a_plan_orders_by_length_and_names_what_is_missing(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    records = [r.model_copy(update={"duration": None}) for r in reversed(read_records(manifest))]
    (tmp_path / "wav" / "r2.wav").unlink()
    plan = plan_extraction(CodeStore.create(tmp_path / "store", SPEC, MEL), records, tmp_path)
    assert [[r.id for r in batch] for batch in plan.batches] == [["r0", "r1", "r3"]]
    assert list(plan.failed) == ["r2"]
    assert plan.utterances == 3
