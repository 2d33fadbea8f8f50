"""Twin of ``listening/table.py``: whose answer stands where."""

from pathlib import Path

import numpy as np
from support.listening import answer_all, make_test

from amhctl.evaluation.listening.table import rated_systems, tabulate, tabulate_preferences


def test_scores_stand_by_person_and_sentence_and_checks_do_not_count(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mos", checks=2)
    worth = {"natural": 5, "one": 3, "two": 2}
    answers = [
        *answer_all(test, "b", lambda system, _: worth.get(system, 1)),
        *answer_all(test, "a", lambda system, _: max(1, worth.get(system, 1) - 1)),
    ]
    table = tabulate(test, answers[:-3])
    assert table.raters == ("a", "b")
    assert len(table.sentences) == 4
    assert set(table.scores) == {"natural", "one", "two"}
    for system, values in table.scores.items():
        assert set(values[1].tolist()) == {worth[system]}
        given = values[0][~np.isnan(values[0])]
        assert set(given.tolist()) == {worth[system] - 1}
    assert sum(int(np.isnan(values).sum()) for values in table.scores.values()) <= 3


def test_the_anchors_of_mushra_have_scores(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mushra")
    scores = {"natural": 100, "one": 60, "two": 40, "anchor-7000": 50, "anchor-3500": 20}
    table = tabulate(test, answer_all(test, "a", lambda system, _: scores[system]))
    assert set(table.scores) == set(rated_systems(test)) == set(scores)
    assert {system: set(values.ravel().tolist()) for system, values in table.scores.items()} == {
        system: {score} for system, score in scores.items()
    }


def test_a_preference_is_of_the_pair_however_its_sounds_stand(tmp_path: Path) -> None:
    test = make_test(tmp_path, "ab", checks=0)
    better = {"natural": 3, "one": 1, "two": 2}
    table = tabulate_preferences(test, answer_all(test, "a", lambda system, _: better[system]))
    assert {pair: set(values.ravel().tolist()) for pair, values in table.preferences.items()} == {
        ("natural", "one"): {1.0},
        ("natural", "two"): {1.0},
        ("one", "two"): {-1.0},
    }
