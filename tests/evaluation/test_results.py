"""Twin of ``evaluation/results.py``: the report of ``eval``, read again."""

import json
from pathlib import Path

import pytest
from support.results import report_document

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.results import read_results


def written(folder: Path, **changes: object) -> Path:
    path = folder / "eval.json"
    path.write_text(json.dumps(report_document(**changes)), encoding="utf-8")
    return path


def test_a_report_is_read(tmp_path: Path) -> None:
    results = read_results(written(tmp_path))
    assert (results.voice, results.test_set, results.weights) == ("tiny", "test.jsonl", "a" * 64)
    assert results.metrics["mcd"].ci95 == (4.5, 5.5)


def test_one_of_an_earlier_version_says_less(tmp_path: Path) -> None:
    document = {key: value for key, value in report_document().items() if key not in ("weights", "test_set")}
    path = tmp_path / "eval.json"
    path.write_text(json.dumps(document))
    assert (read_results(path).weights, read_results(path).test_set) == ("", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": "bench"}, "amhctl bench"),
        ({"metrics": {"mcd": {"value": "low"}}}, r"metrics\.mcd"),
        ({"metrics": []}, "metrics"),
        ({"voice": None}, "voice"),
    ],
)
def test_what_is_no_report_is_refused(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=words) as caught:
        read_results(written(tmp_path, **changes))
    assert "amhctl eval" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 99_999, b'{"metrics": {"a": NaN}}'])
def test_what_is_no_document_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "eval.json").write_bytes(content)
    with pytest.raises(EvaluationError):
        read_results(tmp_path / "eval.json")
