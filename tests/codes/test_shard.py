from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.codes.shard import Shard
from amhctl.core.errors import OptionError
from amhctl.corpus.records import read_records


def test_shards_cover_a_manifest_once(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=5))
    shards = [Shard.parse(f"{i}/3") for i in (1, 2, 3)]
    assert sorted(r.id for shard in shards for r in shard.of(records)) == [r.id for r in records]
    assert shards[1].part == "2-of-3"
    for text in ("0/3", "4/3", "1", "a/b", "1/0", "0/0", "1/" + "9" * 5_000):
        with pytest.raises(OptionError, match="a shard is written i/n"):
            Shard.parse(text)
