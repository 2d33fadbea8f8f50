"""Paired comparisons: exact probabilities of small sets, no difference where there is none, the right direction."""

import itertools

import numpy as np
import pytest

from amhctl.evaluation.paired import NOT_COMPARED, chance_of, compare
from amhctl.evaluation.scorecard import KINDS, Quotient, Scorecard, UtteranceScore, build_scorecard


def card(**values: list[object]) -> Scorecard:
    count = len(next(iter(values.values())))
    clips = [
        UtteranceScore(str(place), "ሰላም", 1.0, **{name: held[place] for name, held in values.items()})  # type: ignore[arg-type]
        for place in range(count)
    ]
    return build_scorecard(tuple(clips), seed=0)


def test_few_clips_are_tested_exactly() -> None:
    gains = np.array([0.3, -0.1, 0.5, 0.2, 0.4])
    sums = [abs(float(np.dot(signs, gains))) for signs in itertools.product((1, -1), repeat=5)]
    wanted = sum(one >= abs(gains.sum()) - 1e-12 for one in sums) / len(sums)
    assert chance_of(gains, seed=0) == wanted


def test_many_clips_are_tested_by_chance_and_near_the_exact_probability() -> None:
    gains = np.random.default_rng(3).normal(0.2, 1.0, 16)
    signs = 1 - 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1)
    exact = float(np.mean(np.abs(signs @ gains) >= abs(gains.sum()) - 1e-9))
    assert chance_of(gains, seed=1) == pytest.approx(exact, abs=0.02)
    assert chance_of(np.ones(40), seed=1) > 0.0


def test_alike_is_no_difference() -> None:
    one = card(mcd=[5.0, 6.0, 7.0, 8.0], dnsmos_p808=[3.0, 3.1, 3.2, 3.3])
    differences = compare(one, one, seed=0)
    assert [(each.kind.name, each.gain.value, each.chance, each.verdict) for each in differences] == [
        ("mcd", 0.0, 1.0, "no difference"),
        ("dnsmos_p808", 0.0, 1.0, "no difference"),
    ]


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [("mcd", 5.0, 6.0), ("dnsmos_p808", 3.8, 3.1), ("duration_ratio", 1.05, 0.8), ("duration_ratio", 0.95, 1.4)],
)
def test_each_metric_has_its_direction(name: str, ours: float, theirs: float) -> None:
    noise = np.random.default_rng(0).uniform(0.99, 1.01, (2, 12))
    one, other = (card(**{name: (value * noise[row]).tolist()}) for row, value in enumerate((ours, theirs)))
    (forth,), (back,) = compare(one, other, seed=0), compare(other, one, seed=0)
    assert (forth.verdict, back.verdict) == ("better", "worse")
    assert forth.gain.value == pytest.approx(-back.gain.value)
    assert forth.gain.low > 0.0
    assert forth.chance == back.chance == pytest.approx(2 / 2**12)


def test_probabilities_are_adjusted_for_the_number_of_metrics() -> None:
    random = np.random.default_rng(5)
    names = ("mcd", "dnsmos_p808", "dnsmos_overall", "speaker_similarity", "mfcc_own")
    ours = {name: (3.0 + random.normal(0.0, 0.3, 10)).tolist() for name in names}
    theirs = {name: (3.0 + random.normal(0.0, 0.3, 10)).tolist() for name in names}
    together = {each.kind.name: each.chance for each in compare(card(**ours), card(**theirs), seed=0)}
    alone = {
        name: compare(card(**{name: ours[name]}), card(**{name: theirs[name]}), seed=0)[0].chance for name in names
    }
    ranked = sorted(names, key=lambda name: alone[name])
    assert together[ranked[0]] == min(1.0, 5 * alone[ranked[0]])
    assert all(together[name] >= alone[name] for name in names)
    assert sorted(together.values()) == [together[name] for name in ranked]


def test_only_clips_and_metrics_that_both_have_are_compared() -> None:
    one = card(mcd=[5.0, 6.0, None, 7.0], natural_dnsmos_p808=[3.0] * 4, log_f0_spread=[Quotient(1.0, 2.0)] * 4)
    other = card(mcd=[5.0, None, 6.0, 8.0], natural_dnsmos_p808=[3.0] * 4)
    (only,) = compare(one, other, seed=0)
    assert (only.kind.name, only.gain.count, only.value, only.other) == ("mcd", 2, 6.0, 6.5)


def test_no_metric_of_the_recordings_is_compared() -> None:
    assert {kind.name for kind in KINDS if kind.name.startswith("natural_")} <= NOT_COMPARED
