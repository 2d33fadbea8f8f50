"""Twin of ``listen/score.py``: from files of people to scores."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.listening import answer_all, as_document, expected_or, make_test

from amhctl.core.errors import EvaluationError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.listening.design import RATINGS_FILE, RATINGS_FOLDER, ListeningTest
from amhctl.evaluation.listening.rating import Ratings
from amhctl.evaluation.listening.store import open_store
from amhctl.workflows.listen.score import ScoreListeningReport, ScoreListeningRequest, run

WORTH: dict[str, float] = {"natural": 5, "one": 3, "two": 2}


def person(test: ListeningTest, name: str, worth: dict[str, float], *, revision: int = 1) -> Ratings:
    return as_document(test, answer_all(test, name, expected_or(test, worth), revision=revision))


def save(folder: Path, ratings: Ratings) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"ratings-{ratings.rater.id}.json").write_text(ratings.model_dump_json(), encoding="utf-8")


def score(folder: Path, **changes: object) -> ScoreListeningReport:
    return run(replace(ScoreListeningRequest(folder / "test"), **changes), SilentProgress())  # type: ignore[arg-type]


def test_ratings_of_server_and_downloads_count_once(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    everybody = [person(test, f"r{number}", WORTH) for number in range(8)]
    with open_store(tmp_path / "test" / RATINGS_FILE, test) as store:
        for ratings in everybody[:5]:
            store.save(ratings)
        store.save(person(test, "r5", {"natural": 1, "one": 1, "two": 1}))
    for ratings in everybody[3:6]:
        save(tmp_path / "test" / RATINGS_FOLDER, Ratings.model_validate(ratings.model_dump()))
    # This one changed all answers later, in another place.
    save(tmp_path / "mailed", person(test, "r5", WORTH, revision=2))
    for ratings in everybody[6:]:
        save(tmp_path / "mailed", ratings)
    page = tmp_path / "scores.html"
    report = score(tmp_path, ratings=(tmp_path / "mailed",), report=page)
    payload = json.loads(json.dumps(report.payload()))
    assert {name: each["value"] for name, each in payload["scores"].items()} == WORTH
    assert {each["n"] for each in payload["scores"].values()} == {8 * 4}
    assert payload["agreement"]["krippendorff_alpha"] == 1.0
    assert [pair["verdict"] for pair in payload["pairs"]] == ["no difference shown"] * 3  # four sentences prove nothing
    assert all(pair["p_raters"] < 0.01 < 0.1 < pair["p_sentences"] for pair in payload["pairs"])
    assert [(finding.code, finding.message) for finding in report.findings] == [("L011", "4 sentences")]
    assert "Scores of" in page.read_text(encoding="utf-8")
    assert "natural" in "\n".join(report.lines())
    with pytest.raises(FileExistsRefused):
        score(tmp_path, ratings=(tmp_path / "mailed",), report=page)


def test_who_does_not_listen_is_left_out_and_named(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    folder = tmp_path / "test" / RATINGS_FOLDER
    for number in range(3):
        save(folder, person(test, f"r{number}", WORTH))
    save(folder, as_document(test, answer_all(test, "clicker", lambda _system, _sentence: 5.0)))
    report = score(tmp_path)
    assert [(finding.code, finding.subject) for finding in report.findings] == [
        ("L010", "clicker"),
        ("L011", "raters"),
        ("L011", "sentences"),
    ]
    assert report.payload()["scores"]["two"]["value"] == 2.0  # type: ignore[index]
    everybody = score(tmp_path, keep_all=True)
    assert everybody.payload()["scores"]["two"]["value"] == (3 * 2.0 + 5.0) / 4  # type: ignore[index]
    for each in list(folder.iterdir())[:]:
        if "clicker" not in each.name:
            each.unlink()
    with pytest.raises(EvaluationError, match="nobody's ratings count"):
        score(tmp_path)


def test_files_that_hold_no_ratings_are_named_and_the_others_used(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    folder = tmp_path / "test" / RATINGS_FOLDER
    with pytest.raises(EvaluationError, match="no ratings of this test"):
        score(tmp_path)
    save(folder, person(test, "r1", WORTH))
    (folder / "junk.json").write_bytes(b"\xff{")
    (folder / "other.json").write_text(person(test, "r2", WORTH).model_copy(update={"test": "x"}).model_dump_json())
    (folder / "notes.txt").write_text("not read")
    report = score(tmp_path)
    assert sorted(finding.subject for finding in report.findings if finding.code == "L012") == [
        str(folder / "junk.json"),
        str(folder / "other.json"),
    ]
    with pytest.raises(EvaluationError, match="no such file"):
        score(tmp_path, ratings=(tmp_path / "missing",))


@pytest.mark.parametrize("kind", ["mushra", "ab"])
def test_the_other_kinds_are_scored(tmp_path: Path, kind: str) -> None:
    test = make_test(tmp_path, kind)
    worth: dict[str, float] = {"natural": 100, "one": 60, "two": 40, "anchor-7000": 50, "anchor-3500": 20}
    for number in range(8):
        ratings = as_document(test, answer_all(test, f"r{number}", lambda system, _: worth.get(system, 0)))
        save(tmp_path / "test" / RATINGS_FOLDER, ratings)
    report = score(tmp_path)
    payload = report.payload()
    values = {name: each["value"] for name, each in payload["scores"].items()}  # type: ignore[attr-defined]
    assert values == (worth if kind == "mushra" else {"natural": 1.0, "one": 0.5, "two": 0.0})
    assert {finding.subject for finding in report.findings} == {"sentences"}
    if kind == "ab":
        assert payload["pairs"][0]["shares"] == {"first": 1.0, "none": 0.0, "second": 0.0}  # type: ignore[index]
