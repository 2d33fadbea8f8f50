"""A vocabulary is judged by text that it must be able to spell."""

from pathlib import Path

from support.vocabularies import FIDEL_LINES, PHONE_LINES, foreign_model

from amhctl.core.progress import SilentProgress
from amhctl.tokenizer.train import train_vocabulary
from amhctl.workflows.check_vocabulary import CheckVocabularyReport, CheckVocabularyRequest, run


def _check(path: Path, *, max_unknown: float = 0.0) -> CheckVocabularyReport:
    request = CheckVocabularyRequest(
        vocabulary=path, corpus=(), standard_input=("ሰላም ለዓለም።", "ቡና ጠጣ።"), max_unknown=max_unknown
    )
    return run(request, SilentProgress())


def test_a_whole_vocabulary_is_well(tmp_path: Path) -> None:
    train_vocabulary(PHONE_LINES, size=100, units="phones").write(tmp_path / "p.model")
    train_vocabulary(FIDEL_LINES, size=400, units="fidel").write(tmp_path / "f.model")
    for name, units in (("p.model", "phones"), ("f.model", "fidel")):
        report = _check(tmp_path / name)
        assert report.ok
        assert report.findings == ()
        payload = report.payload()
        assert (payload["units"], payload["unknown_rate"], payload["worst"]) == (units, 0.0, [])


def test_a_foreign_one_is_not_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    report = _check(tmp_path / "b.model")
    assert not report.ok
    assert {finding.code for finding in report.findings} == {"V002", "V003"}
    assert report.worst[0][0] == "standard input:1"
    assert any("standard input:1: unknown" in line for line in report.lines())


def test_the_limit_decides(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    assert _check(tmp_path / "b.model", max_unknown=1.0).ok
