"""Who listened: people whose answers are not counted, and why. Knows no files.

Sources: ITU-T P.808, sections 6.3 and 6.4 (trapping and gold questions, reliability of people); ITU-R BS.1534-3,
section 4.1.2 (post-screening: the hidden reference below 90, or the mid anchor above 90, in more than 15 % of trials).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amhctl.evaluation.listening.design import MID, ListeningTest
from amhctl.evaluation.listening.rating import Answer, Rater

_BORDER, _MOST_SHARE = 90.0, 0.15
_FEWEST_SHARED = 8
_FEWEST_ALIKE = 8


@dataclass(frozen=True, slots=True)
class Rules:
    """When answers of a person are not counted.

    Attributes
    ----------
    failures : int
        Checks of attention that may be failed.
    correlation : float
        Least correlation of the person's scores with the mean of the others (MOS).
    """

    failures: int = 0
    correlation: float = 0.2


@dataclass(frozen=True, slots=True)
class Screened:
    """One person.

    Attributes
    ----------
    rater : Rater
        Who.
    answered, wanted : int
        Answers to the test proper, and how many there are on the person's sheet.
    checks, failed : int
        Checks of attention that were answered, and failed.
    correlation : float | None
        Of the scores with the mean of the others; None where too few sounds are shared, or in other kinds of tests.
    reasons : tuple[str, ...]
        Why the answers are not counted; none if they are.
    """

    rater: Rater
    answered: int
    wanted: int
    checks: int
    failed: int
    correlation: float | None
    reasons: tuple[str, ...]


def screen(
    test: ListeningTest, answers: Sequence[Answer], raters: Mapping[str, Rater], rules: Rules
) -> tuple[Screened, ...]:
    """Return what is known of each person, by id."""
    by_rater: dict[str, list[Answer]] = {name: [] for name in sorted(raters)}
    for answer in answers:
        by_rater[answer.rater].append(answer)
    totals = _total(test, answers)
    return tuple(_judge(test, raters[name], given, totals, rules) for name, given in by_rater.items())


def _judge(
    test: ListeningTest, rater: Rater, given: Sequence[Answer], totals: Mapping[str, tuple[float, int]], rules: Rules
) -> Screened:
    own = [answer for answer in given if _role(test, answer) == "test"]
    checks = [answer for answer in given if _is_checked(test, answer)]
    failed = sum(not _passes(test, answer) for answer in checks)
    correlation = _correlation(own, totals) if test.kind == "mos" else None
    reasons = []
    if not own:
        reasons.append("no answers to the test proper")
    if failed > rules.failures:
        reasons.append(f"{failed} of {len(checks)} checks of attention failed")
    if correlation is not None and correlation < rules.correlation:
        reasons.append(f"correlation with the others {correlation:.2f}, below {rules.correlation:g}")
    if test.kind != "ab" and len(own) >= _FEWEST_ALIKE and len({answer.rating.score for answer in own}) == 1:
        reasons.append("always the same answer")
    if test.kind == "mushra":
        reasons += _post_screening(test, own)
    sheet = test.sheets[rater.sheet % len(test.sheets)]
    trials = [test.trials[place] for place in sheet.trials]
    wanted = sum(1 if test.kind == "ab" else len(trial.stimuli) for trial in trials if trial.role == "test")
    return Screened(rater, len(own), wanted, len(checks), failed, correlation, tuple(reasons))


def _role(test: ListeningTest, answer: Answer) -> str:
    return test.trial_by_id[answer.rating.trial].role


def _is_checked(test: ListeningTest, answer: Answer) -> bool:
    expected = test.trial_by_id[answer.rating.trial].expected
    return expected is not None and expected.stimulus == answer.rating.stimulus


def _passes(test: ListeningTest, answer: Answer) -> bool:
    expected = test.trial_by_id[answer.rating.trial].expected
    return expected is None or expected.low <= answer.rating.score <= expected.high


def _correlation(own: Sequence[Answer], totals: Mapping[str, tuple[float, int]]) -> float | None:
    """Return Pearson's correlation with the means of the others; None of fewer than eight sounds that others rated."""
    shared = [answer.rating for answer in own if totals[answer.rating.stimulus][1] > 1]
    if len(shared) < _FEWEST_SHARED:
        return None
    mine = np.array([rating.score for rating in shared])
    sums, counts = np.array([totals[rating.stimulus] for rating in shared]).T
    theirs = (sums - mine) / (counts - 1)
    if mine.std() < 1e-9 or theirs.std() < 1e-9:
        return None
    return float(np.corrcoef(mine, theirs)[0, 1])


def _total(test: ListeningTest, answers: Sequence[Answer]) -> dict[str, tuple[float, int]]:
    """Return the sum and the number of the scores of each sound of the test proper."""
    totals: dict[str, tuple[float, int]] = {}
    for answer in answers:
        if _role(test, answer) == "test":
            total, count = totals.get(answer.rating.stimulus, (0.0, 0))
            totals[answer.rating.stimulus] = (total + answer.rating.score, count + 1)
    return totals


def _post_screening(test: ListeningTest, own: Sequence[Answer]) -> list[str]:
    scores: dict[str, list[float]] = {}
    for answer in own:
        scores.setdefault(test.by_id[answer.rating.stimulus].system, []).append(answer.rating.score)
    reasons = []
    for name, system, is_wrong in (
        ("hidden reference below 90", test.reference, lambda score: score < _BORDER),
        ("mid anchor above 90", MID, lambda score: score > _BORDER),
    ):
        given = scores.get(system or "", [])
        wrong = sum(map(is_wrong, given))
        if given and wrong > _MOST_SHARE * len(given):
            reasons.append(f"{name} in {wrong} of {len(given)} trials")
    return reasons
