"""Twin of ``listening/design.py``: what is read is consistent."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.listening import make_test

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.listening.design import KEY_FILE, ListeningTest, read_test


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("design")
    make_test(made)
    return made / "test"


def test_what_is_written_is_read(folder: Path) -> None:
    test = read_test(folder)
    assert ListeningTest.model_validate(json.loads(json.dumps(test.model_dump(mode="json")))) == test
    assert test.fingerprint == read_test(folder).fingerprint
    assert test.fingerprint != ListeningTest.model_validate(test.model_dump() | {"title": "other"}).fingerprint


def change(document: dict[str, Any], fault: str) -> None:
    trial, sheet = document["trials"][0], document["sheets"][0]
    if fault == "unknown stimulus":
        trial["stimuli"] = ["0000"]
    elif fault == "same stimulus":
        document["stimuli"].append(document["stimuli"][0])
    elif fault == "path":
        document["stimuli"][0]["file"] = "../../etc/passwd.flac"
    elif fault == "order":
        sheet["orders"][0] = [1]
    elif fault == "place":
        sheet["trials"][0] = 10_000
    elif fault == "expected":
        trial["expected"] = {"stimulus": document["trials"][1]["stimuli"][0], "low": 1, "high": 1}
    elif fault == "version":
        document["listening_test"] = 2
    elif fault == "key":
        document["other"] = 1


@pytest.mark.parametrize(
    "fault", ["unknown stimulus", "same stimulus", "path", "order", "place", "expected", "version", "key"]
)
def test_a_key_that_contradicts_itself_is_refused(folder: Path, tmp_path: Path, fault: str) -> None:
    document = json.loads((folder / KEY_FILE).read_text(encoding="utf-8"))
    change(document, fault)
    (tmp_path / KEY_FILE).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(EvaluationError):
        read_test(tmp_path)


def test_a_folder_without_a_key_and_junk_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"no listening\.json"):
        read_test(tmp_path)
    for junk in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000):
        (tmp_path / KEY_FILE).write_bytes(junk)
        with pytest.raises(EvaluationError):
            read_test(tmp_path)
