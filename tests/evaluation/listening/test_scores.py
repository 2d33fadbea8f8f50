"""Twin of ``listening/scores.py``: means, intervals that hold what they promise, differences that are there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.bootstrap import estimate_mean
from amhctl.evaluation.listening.scores import (
    compare_preferences,
    compare_systems,
    estimate_crossed,
    preference_scores,
    score_systems,
)

NONE = np.nan


def drawn(raters: int, sentences: int, mean: float, seed: int) -> NDArray[np.float64]:
    """Return scores of people who differ, of sentences that differ."""
    generator = np.random.default_rng(seed)
    people = generator.normal(0.0, 0.5, (raters, 1))
    texts = generator.normal(0.0, 0.5, (1, sentences))
    return mean + people + texts + generator.normal(0.0, 0.3, (raters, sentences))


def test_the_mean_is_of_all_answers_and_missing_ones_do_not_count() -> None:
    estimate = estimate_crossed(np.array([[1.0, 2.0], [NONE, 3.0]]), seed=0)
    assert (estimate.value, estimate.count) == (2.0, 3)
    assert estimate.low <= 2.0 <= estimate.high
    with pytest.raises(EvaluationError):
        estimate_crossed(np.full((2, 2), NONE), seed=0)


def test_the_interval_covers_the_truth_for_other_people_and_other_sentences() -> None:
    covered = naively_covered = 0
    for seed in range(60):
        scores = drawn(12, 12, 3.0, seed)
        estimate, naive = estimate_crossed(scores, seed=seed), estimate_mean(scores.ravel(), seed=seed)
        covered += estimate.low <= 3.0 <= estimate.high
        naively_covered += naive.low <= 3.0 <= naive.high
    # The second as if each answer were of another person, about another sentence.
    assert (covered, naively_covered) == (55, 32)


def test_systems_without_answers_have_no_score() -> None:
    found = score_systems({"one": np.array([[4.0, NONE], [2.0, NONE]]), "two": np.full((2, 2), NONE)}, seed=0)
    assert [(each.system, each.estimate.value, each.raters, each.sentences) for each in found] == [("one", 3.0, 2, 1)]


def test_a_difference_that_is_there_is_found_and_one_that_is_not_is_not() -> None:
    base = drawn(10, 10, 3.0, 1)
    noise = np.random.default_rng(2).normal(0.0, 0.3, base.shape)
    found = compare_systems({"one": base, "better": base + 0.4 + noise, "alike": base + noise}, seed=0)
    verdicts = {(pair.first, pair.second): pair.verdict for pair in found}
    assert verdicts == {
        ("one", "better"): "better better",
        ("one", "alike"): "no difference shown",
        ("better", "alike"): "better better",
    }
    (pair, *_) = found
    assert pair.difference.high < 0.0
    assert pair.chance >= max(pair.by_raters, pair.by_sentences)


def test_one_person_proves_nothing_about_others() -> None:
    one = np.full((1, 12), 4.0)
    (pair,) = compare_systems({"a": one, "b": one - 2.0}, seed=0)
    assert (pair.by_raters, pair.chance, pair.verdict) == (1.0, 1.0, "no difference shown")
    assert pair.by_sentences < 0.001


def test_people_may_rate_different_sentences_of_each_system() -> None:
    base = drawn(12, 12, 3.0, 3)
    first, second = base.copy(), base - 1.0
    chosen = (np.add.outer(np.arange(12), np.arange(12)) % 2).astype(bool)
    first[chosen], second[~chosen] = NONE, NONE
    (pair,) = compare_systems({"a": first, "b": second}, seed=0)
    assert pair.verdict == "a better"
    assert pair.difference.value == pytest.approx(1.0, abs=0.3)


def test_preferences_have_shares_and_a_sign() -> None:
    values = np.array([[1.0, 1.0, 0.0, -1.0], [1.0, NONE, 1.0, 1.0]])
    (pair,) = compare_preferences({("a", "b"): values}, seed=0)
    assert pair.shares == (5 / 7, 1 / 7, 1 / 7)
    assert pair.difference.value == pytest.approx(4 / 7)
    scores = preference_scores({("a", "b"): values}, ("a", "b"))
    assert np.nanmax(np.abs(scores["a"] + scores["b"] - 1.0)) == 0.0
    assert scores["a"][0].tolist() == [1.0, 1.0, 0.5, 0.0]
    assert np.isnan(scores["a"][1, 1])


def test_many_preferences_one_way_are_a_difference() -> None:
    values = np.ones((10, 10))
    values[::3, ::2] = -1.0
    (pair,) = compare_preferences({("a", "b"): values}, seed=0)
    assert pair.verdict == "a better"
    (other,) = compare_preferences({("b", "a"): -values}, seed=0)
    assert (other.verdict, other.chance) == ("a better", pair.chance)
