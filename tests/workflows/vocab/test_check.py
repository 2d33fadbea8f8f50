"""A vocabulary is judged by text that it must be able to spell."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.vocabularies import FIDEL_LINES, PHONE_LINES, foreign_model

from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.vocab.check import CheckVocabularyReport, CheckVocabularyRequest, run


def _check(path: Path, **options: object) -> CheckVocabularyReport:
    request = CheckVocabularyRequest(vocabulary=path, corpus=(), standard_input=("ሰላም ለዓለም።", "ቡና ጠጣ።"))
    return run(replace(request, **options), SilentProgress())  # type: ignore[arg-type]


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
    assert {finding.code for finding in report.findings} == {"V002", "V003", "V004"}
    assert report.worst[0][0] == "standard input:1"
    assert any("standard input:1: unknown" in line for line in report.lines())


def test_the_limit_decides(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    assert _check(tmp_path / "b.model", max_unknown=1.0).ok


def test_base_rare_pieces_sizes_and_page_are_reported(tmp_path: Path) -> None:
    lines = ["ሰላም ለዓለም ።"] * 3 + ["ውሃ ፈሰሰ ።"] * 2
    train_vocabulary(FIDEL_LINES, size=400, units="fidel").write(tmp_path / "char.model")
    train_vocabulary(lines, size=372, units="fidel", model_type="bpe").write(tmp_path / "bpe.model")
    report = _check(tmp_path / "bpe.model", base=tmp_path / "char.model", rare=1, report=tmp_path / "r.html")
    assert report.ok
    payload = json.loads(json.dumps(report.payload()))
    assert payload["base"]["pieces_per_word"] > payload["pieces_per_word"]
    assert payload["base"]["pieces"] == Vocabulary.read(tmp_path / "char.model").size
    rare = {entry["piece"] for entry in payload["rare"]}
    assert rare >= {"ውሃ", "ሰሰ"}
    assert rare.isdisjoint({"▁ሰላም", "ሰ", "።"})
    assert all(entry["count"] == 0 for entry in payload["rare"])
    assert [finding.code for finding in report.findings] == ["V004"]
    assert payload["recommended_size"] == payload["sizes"][0]["size"] == 363
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<svg") == 2
    assert any("recommended" in line for line in report.lines())
    with pytest.raises(FileExistsRefused):
        _check(tmp_path / "bpe.model", report=tmp_path / "r.html")
    assert _check(tmp_path / "bpe.model", rare=0).findings == ()


def test_pieces_of_the_base_are_not_called_rare(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    assert _check(tmp_path / "b.model").rare != ()
    assert _check(tmp_path / "b.model", base=tmp_path / "b.model").rare == ()
