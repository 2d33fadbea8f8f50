import json
from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_records
from amhctl.workflows.data.pairs import PairDataRequest, run


def _pairs(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_pairs_stay_with_their_speaker_and_split(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=12)
    report = run(PairDataRequest(manifest, tmp_path / "p.jsonl"), SilentProgress())
    records = {record.id: record for record in read_records(manifest)}
    pairs = _pairs(report.output)
    assert (len(pairs), report.pairs, report.speakers, report.findings) == (12, 12, 2, ())
    for pair in pairs:
        target, prompt = records[pair["target"]], records[pair["prompt"]]
        assert target.id != prompt.id
        assert (target.speaker, target.split) == (prompt.speaker, prompt.split) == (pair["speaker"], pair["split"])


def test_each_epoch_is_drawn_anew_and_again_the_same(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=30, seconds=0.3)
    request = PairDataRequest(manifest, tmp_path / "p.jsonl", seed=3, force=True)
    first, again = (_pairs(run(request, SilentProgress()).output) for _ in range(2))
    later = _pairs(run(PairDataRequest(manifest, tmp_path / "q.jsonl", epoch=1, seed=3), SilentProgress()).output)
    assert first == again
    assert first != later
    with pytest.raises(FileExistsRefused):
        run(PairDataRequest(manifest, tmp_path / "q.jsonl"), SilentProgress())


def test_who_has_no_partner_is_said(tmp_path: Path) -> None:
    report = run(PairDataRequest(tiny_manifest(tmp_path, count=4), tmp_path / "p.jsonl"), SilentProgress())
    # r0 is the only one of its speaker in the validation split, r2 the only one in training.
    assert [(finding.code, finding.subject) for finding in report.findings] == [("D080", "r0"), ("D080", "r2")]
    assert {pair["target"] for pair in _pairs(report.output)} == {"r1", "r3"}
