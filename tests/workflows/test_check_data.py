from pathlib import Path

import pytest
from support.manifests import tiny_manifest
from support.realdata import real_manifest

from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.data.records import Record, read_records, write_records
from amhctl.workflows.check_data import RULES, CheckDataRequest, run


def test_codes_are_documented_once() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(rule.title and rule.explanation for rule in RULES)


def test_the_verdict_follows_errors_and_strictness(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    clean = run(CheckDataRequest(manifest, report=tmp_path / "r.html"), SilentProgress())
    assert clean.ok
    assert clean.payload()["counts"] == {}
    assert clean.summary["records"] == 4
    assert (tmp_path / "r.html").is_file()
    with pytest.raises(FileExistsRefused):
        run(CheckDataRequest(manifest, report=tmp_path / "r.html"), SilentProgress())
    records = list(read_records(manifest))
    records.append(Record(id="x", audio=records[0].audio, text=records[0].text, speaker="s0", split="valid"))
    write_records(manifest, records, force=True)
    assert run(CheckDataRequest(manifest), SilentProgress()).ok
    assert not run(CheckDataRequest(manifest, strict=True), SilentProgress()).ok
    records.append(Record(id="y", audio="missing.wav", text="ሰላም", speaker="s0"))
    write_records(manifest, records, force=True)
    report = run(CheckDataRequest(manifest), SilentProgress())
    assert not report.ok
    assert report.payload()["counts"] == {"D010": 1, "D051": 1, "D052": 1}
    assert list(report.lines())


def test_the_faults_of_real_data_are_found(tmp_path: Path) -> None:
    records = read_records(real_manifest("m01"))
    wanted = {"100102-214735_amh_57b_elicit_35": "D040", "100102-214735_amh_57b_elicit_119": "D020"}
    folder = real_manifest("m01").parent
    chosen = [r for r in records if r.id in wanted or r.id.endswith("elicit_11")]
    write_records(
        tmp_path / "m.jsonl", [r.model_copy(update={"audio": str((folder / r.audio).resolve())}) for r in chosen]
    )
    report = run(CheckDataRequest(tmp_path / "m.jsonl"), SilentProgress())
    found = {finding.subject: finding.code for finding in report.findings if finding.severity == "error"}
    assert found == wanted
