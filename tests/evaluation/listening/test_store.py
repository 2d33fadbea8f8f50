"""Twin of ``listening/store.py``: nothing is lost, nothing counts twice."""

import sqlite3
from pathlib import Path

import pytest
from support.listening import make_test

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.listening.design import ListeningTest
from amhctl.evaluation.listening.rating import Rater, Rating, Ratings
from amhctl.evaluation.listening.store import open_store


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> ListeningTest:
    return make_test(tmp_path_factory.mktemp("store"))


def answers(test: ListeningTest, *scores: float, revision: int = 1, rater: str = "abc") -> Ratings:
    ratings = [
        Rating(trial=trial.id, stimulus=trial.stimuli[0], score=score, revision=revision, seconds=0.1)
        for trial, score in zip(test.trials, scores, strict=False)
    ]
    who = Rater(id=rater, nickname="ጫላ 'x'", headphones=True, language="am", sheet=3)
    return Ratings(ratings_format=1, test=test.fingerprint, rater=who, ratings=tuple(ratings))


def test_what_is_saved_is_loaded(test: ListeningTest, tmp_path: Path) -> None:
    with open_store(tmp_path / "r.sqlite", test) as store:
        store.save(answers(test, 1, 5, 3))
        store.save(answers(test, 2, rater="xyz"))
        assert store.count() == (2, 4)
    with open_store(tmp_path / "r.sqlite", test) as store:
        one, two = store.load()
    assert one.rater == answers(test).rater
    assert sorted(rating.score for rating in one.ratings) == [1, 3, 5]
    assert [rating.score for rating in two.ratings] == [2]


def test_an_answer_that_comes_again_or_late_changes_nothing(test: ListeningTest, tmp_path: Path) -> None:
    with open_store(tmp_path / "r.sqlite", test) as store:
        for revision, score in ((2, 4), (2, 4), (1, 1), (3, 5), (3, 2)):
            store.save(answers(test, score, revision=revision))
        (loaded,) = store.load()
    assert [(rating.score, rating.revision) for rating in loaded.ratings] == [(5, 3)]


def test_ratings_of_another_test_and_other_files_are_refused(test: ListeningTest, tmp_path: Path) -> None:
    with open_store(tmp_path / "r.sqlite", test) as store:
        store.save(answers(test, 1))
    other = ListeningTest.model_validate(test.model_dump() | {"title": "another"})
    with pytest.raises(EvaluationError, match="another test"), open_store(tmp_path / "r.sqlite", other):
        pass
    (tmp_path / "junk.sqlite").write_bytes(b"no database at all, and longer than a header of one" * 50)
    with pytest.raises(EvaluationError), open_store(tmp_path / "junk.sqlite", test):
        pass
    connection = sqlite3.connect(tmp_path / "new.sqlite")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(EvaluationError, match="format 9"), open_store(tmp_path / "new.sqlite", test):
        pass
    with pytest.raises(EvaluationError), open_store(tmp_path / "missing" / "r.sqlite", test):
        pass
