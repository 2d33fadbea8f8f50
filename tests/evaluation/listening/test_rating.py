"""Twin of ``listening/rating.py``: only answers that the page gives are accepted, in whatever order they come."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from support.listening import make_test

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.listening.design import ListeningTest
from amhctl.evaluation.listening.rating import MOST_RATINGS, Ratings, merge_answers, parse_ratings, read_ratings


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> ListeningTest:
    return make_test(tmp_path_factory.mktemp("rating"))


def document(test: ListeningTest, /, *scores: float, **changes: Any) -> dict[str, Any]:
    rated = [
        {"trial": trial.id, "stimulus": trial.stimuli[0], "score": score, "revision": 5, "seconds": 1.5}
        for trial, score in zip(test.trials, scores, strict=False)
    ]
    return {"ratings_format": 1, "test": test.fingerprint, "rater": {"id": "abc"}, "ratings": rated} | changes


def test_answers_of_the_page_are_accepted(test: ListeningTest) -> None:
    assert [rating.score for rating in parse_ratings(json.dumps(document(test, 1, 5)).encode(), test).ratings] == [1, 5]


@pytest.mark.parametrize(
    "changes",
    [
        {"test": "0" * 64},
        {"ratings_format": 2},
        {"rater": {"id": "../../etc"}},
        {"rater": {"id": ""}},
        {"rater": {"id": "a" * 41}},
        {"rater": {"id": "a", "nickname": 7}},
        {"rater": {"id": "a", "email": "x"}},
        {"ratings": [{"trial": "none", "stimulus": "none", "score": 1, "revision": 1}]},
        {"ratings": {"0": 1}},
        {"other": 1},
    ],
)
def test_whatever_else_is_refused(test: ListeningTest, changes: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError):
        parse_ratings(json.dumps(document(test, 1, **changes)).encode(), test)


def test_no_nickname_keeps_answers_from_being_saved(test: ListeningTest) -> None:
    for given, kept in (("👩‍💻 ጫላ\u202e\x00", "👩💻 ጫላ"), ("x" * 500, "x" * 40), ("", "")):
        sent = document(test, 1, rater={"id": "a", "nickname": given})
        assert parse_ratings(json.dumps(sent).encode(), test).rater.nickname == kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("score", 0),
        ("score", 6),
        ("score", 2.5),
        ("score", float("nan")),
        ("score", "many"),
        ("revision", -1),
        ("revision", 2**63),
        ("revision", 1.5),
        ("seconds", -1),
        ("stimulus", "../key"),
        ("stimulus", "0000000000000000"),
    ],
)
def test_an_answer_that_is_none_is_refused(test: ListeningTest, key: str, value: object) -> None:
    sent = document(test, 1)
    sent["ratings"][0][key] = value
    with pytest.raises(EvaluationError):
        parse_ratings(json.dumps(sent).encode(), test)


def test_junk_and_floods_are_refused(test: ListeningTest) -> None:
    for junk in (b"", b"{", b"[" * 100_000, b"\xff", b"null", b"1"):
        with pytest.raises(EvaluationError):
            parse_ratings(junk, test)
    flood = document(test, 1)
    flood["ratings"] *= MOST_RATINGS + 1
    with pytest.raises(EvaluationError, match="at once"):
        parse_ratings(json.dumps(flood).encode(), test)


def test_the_latest_answer_counts_whatever_the_order(test: ListeningTest) -> None:
    documents = []
    for revision, score in ((1, 5), (3, 2), (2, 4), (3, 1)):
        sent = document(test, score)
        sent["ratings"][0]["revision"] = revision
        documents.append(Ratings.model_validate(sent))
    for order in itertools.permutations(documents):
        answers, raters = merge_answers(order)
        assert [(answer.rater, answer.rating.score) for answer in answers] == [("abc", 2.0)]
        assert set(raters) == {"abc"}


def test_a_comparison_is_rated_by_its_first_stimulus(tmp_path: Path) -> None:
    test = make_test(tmp_path, "ab")
    sent = document(test, -1)
    parse_ratings(json.dumps(sent).encode(), test)
    sent["ratings"][0]["stimulus"] = test.trials[0].stimuli[1]
    with pytest.raises(EvaluationError, match="first stimulus"):
        parse_ratings(json.dumps(sent).encode(), test)


def test_a_download_is_read_and_a_fault_names_the_file(test: ListeningTest, tmp_path: Path) -> None:
    path = tmp_path / "ratings-abc.json"
    path.write_text(json.dumps(document(test, 3)), encoding="utf-8")
    assert read_ratings(path, test).rater.id == "abc"
    for content in (json.dumps(document(test, 3, test="x")), "{", "[]"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(EvaluationError) as refused:
            read_ratings(path, test)
        assert refused.value.subject == str(path)
        assert refused.value.hint
