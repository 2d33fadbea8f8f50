"""Twin of ``checks/inspection.py``."""

from pathlib import Path

from support.manifests import tiny_manifest

from amhctl.checks.inspection import Inspector, Job, inspect_all
from amhctl.corpus.records import read_records
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=6))
    (tmp_path / "wav" / "r3.wav").unlink()
    jobs = [Job(number, records[number % 6]) for number in range(1, 41)]
    frontend = Frontend()
    tokenizer = Tokenizer(train_vocabulary([frontend.units("ሰላም ዓለም።")], size=128, units="phones", model_type="char"))
    inspector = Inspector(tmp_path, frontend, tokenizer)
    alone = list(inspect_all(inspector, jobs))
    assert list(inspect_all(inspector, jobs, workers=2)) == alone
    assert [item.job.line for item in alone] == list(range(1, 41))
    assert {finding.code for item in alone for finding in item.findings if item.job.record.id == "r3"} >= {"D010"}


def test_recordings_are_not_opened_where_they_are_not_asked_for(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=1))
    (tmp_path / "wav" / "r0.wav").unlink()
    (item,) = inspect_all(Inspector(tmp_path, Frontend(), None, audio=False), [Job(1, records[0])])
    assert (item.measurements, item.findings) == (None, ())
