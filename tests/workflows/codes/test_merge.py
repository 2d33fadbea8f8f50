from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest

from amhctl.codes.store import CodeStore
from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.workflows.codes.extract import ExtractCodesRequest
from amhctl.workflows.codes.extract import run as extract
from amhctl.workflows.codes.merge import MergeCodesRequest, run


def test_the_shards_of_a_job_array_become_the_store_of_one_job(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=5), str(tiny_codec_folder(tmp_path))
    for shard, store in (("1/2", "shards"), ("2/2", "shards"), ("1/1", "whole")):
        extract(ExtractCodesRequest(manifest, tmp_path / store, codec, shard=shard), SilentProgress())
    report = run(MergeCodesRequest((tmp_path / "shards",), tmp_path / "merged"), SilentProgress())
    assert report.ok
    assert (report.utterances, report.shared, report.aligned) == (5, 0, False)
    assert report.payload()["sources"] == 1
    assert CodeStore.open(tmp_path / "merged").fingerprint == CodeStore.open(tmp_path / "whole").fingerprint
    # The merged store is gone on with like any other.
    assert extract(ExtractCodesRequest(manifest, tmp_path / "merged", codec), SilentProgress()).new == 0
    with pytest.raises(FileExistsRefused):
        run(MergeCodesRequest((tmp_path / "shards",), tmp_path / "merged"), SilentProgress())
    again = run(MergeCodesRequest((tmp_path / "whole",), tmp_path / "merged", force=True), SilentProgress())
    assert "5 utterances" in next(iter(again.lines()))
