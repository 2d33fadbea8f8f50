"""Answers as a table: people by sentences, for each system. Knows no files.

Shapes: ``R raters, S sentences``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from amhctl.evaluation.listening.design import LOW, MID, ListeningTest
from amhctl.evaluation.listening.rating import Answer


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """The answers that count.

    Attributes
    ----------
    raters, sentences : tuple[str, ...]
        What rows and columns stand for.
    scores : Mapping[str, NDArray[np.float64]]
        Shape (R, S), by system; NaN where there is no answer.
    """

    raters: tuple[str, ...]
    sentences: tuple[str, ...]
    scores: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class PreferenceTable:
    """The answers to comparisons.

    Attributes
    ----------
    raters, sentences : tuple[str, ...]
        What rows and columns stand for.
    preferences : Mapping[tuple[str, str], NDArray[np.float64]]
        Shape (R, S), by pair of systems: 1 where the first is preferred, -1 the second, 0 none; NaN: no answer.
    """

    raters: tuple[str, ...]
    sentences: tuple[str, ...]
    preferences: Mapping[tuple[str, str], NDArray[np.float64]]


def rated_systems(test: ListeningTest) -> tuple[str, ...]:
    """Return whatever has scores: the systems that are compared, and the anchors of MUSHRA."""
    return (*test.systems, MID, LOW) if test.kind == "mushra" else test.systems


def tabulate(test: ListeningTest, answers: Sequence[Answer]) -> ScoreTable:
    """Return the answers to the test proper of MOS or MUSHRA."""
    raters, sentences = _axes(test, answers)
    rows, columns = _places(raters), _places(sentences)
    shape = (len(raters), len(sentences))
    scores = {system: np.full(shape, np.nan) for system in rated_systems(test)}
    for answer in answers:
        if test.trial_by_id[answer.rating.trial].role == "test":
            stimulus = test.by_id[answer.rating.stimulus]
            place = rows[answer.rater], columns[stimulus.sentence]
            scores[stimulus.system][place] = answer.rating.score
    return ScoreTable(raters, sentences, scores)


def tabulate_preferences(test: ListeningTest, answers: Sequence[Answer]) -> PreferenceTable:
    """Return the answers to the test proper of AB."""
    raters, sentences = _axes(test, answers)
    rows, columns = _places(raters), _places(sentences)
    pairs = tuple(combinations(test.systems, 2))
    preferences = {pair: np.full((len(raters), len(sentences)), np.nan) for pair in pairs}
    for answer in answers:
        trial = test.trial_by_id[answer.rating.trial]
        if trial.role != "test":
            continue
        first, second = (test.by_id[stimulus] for stimulus in trial.stimuli)
        place = rows[answer.rater], columns[first.sentence]
        if (first.system, second.system) in preferences:
            preferences[first.system, second.system][place] = answer.rating.score
        else:
            preferences[second.system, first.system][place] = -answer.rating.score
    return PreferenceTable(raters, sentences, preferences)


def _axes(test: ListeningTest, answers: Sequence[Answer]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    raters = tuple(sorted({answer.rater for answer in answers}))
    rated = (trial.stimuli[0] for trial in test.trials if trial.role == "test")
    return raters, tuple(sorted({test.by_id[stimulus].sentence for stimulus in rated}))


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
