"""What follows from answers: means, intervals, differences. Arithmetic only.

Answers are not independent: those of one person, and those to one sentence, resemble each other. So the intervals
resample people and sentences at once (Owen, "The pigeonhole bootstrap", Ann. Appl. Stat. 1(2), 2007), and a difference
of systems has to hold for other people and for other sentences: of the two sign-flip tests (``evaluation.paired``), one
with a difference for each person, one for each sentence, the greater probability counts (Clark, "The
language-as-fixed-effect fallacy", J. Verbal Learn. Verbal Behav. 12, 1973). Probabilities are adjusted for the number
of pairs by Holm's procedure.

Shapes: ``R raters, S sentences, B resamples``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.bootstrap import Estimate
from amhctl.evaluation.paired import adjust, chance_of

_RESAMPLES = 2_000
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class SystemScore:
    """The score of a system.

    Attributes
    ----------
    system : str
        Its name.
    estimate : Estimate
        Mean with its 95 % interval; ``count`` are answers.
    raters, sentences : int
        Whose answers, and to what.
    """

    system: str
    estimate: Estimate
    raters: int
    sentences: int


@dataclass(frozen=True, slots=True)
class PairScore:
    """Two systems.

    Attributes
    ----------
    first, second : str
        Their names.
    difference : Estimate
        Mean of the first minus that of the second; of AB the share that prefers the first minus that of the second.
    by_raters, by_sentences : float
        Probability of a difference that great, were the systems alike; 1 where there is nothing to flip.
    chance : float
        The greater of the two, adjusted for the number of pairs.
    shares : tuple[float, float, float] | None
        Of AB: how many answers prefer the first, none, the second.
    """

    first: str
    second: str
    difference: Estimate
    by_raters: float
    by_sentences: float
    chance: float
    shares: tuple[float, float, float] | None = None

    @property
    def verdict(self) -> str:
        """Which one is better, or that no difference is shown that chance would not make."""
        if self.chance >= _CHANCE:
            return "no difference shown"
        return f"{self.first if self.difference.value > 0 else self.second} better"


def score_systems(scores: Mapping[str, NDArray[np.float64]], *, seed: int) -> tuple[SystemScore, ...]:
    """Return the mean score of each system that has one.

    Parameters
    ----------
    scores : Mapping[str, NDArray[np.float64]]
        Shape (R, S), by system; NaN where there is no answer.
    seed : int
        Of the resamples.
    """
    found = []
    for system, values_RS in scores.items():
        given = ~np.isnan(values_RS)
        if given.any():
            raters, sentences = int(given.any(axis=1).sum()), int(given.any(axis=0).sum())
            found.append(SystemScore(system, estimate_crossed(values_RS, seed=seed), raters, sentences))
    return tuple(found)


def estimate_crossed(values_RS: NDArray[np.float64], *, seed: int) -> Estimate:
    """Return the mean with its 95 % percentile interval over resamples of raters and sentences.

    Raises
    ------
    EvaluationError
        If there are no values.
    """
    if np.isnan(values_RS).all():
        raise EvaluationError("there are no answers to average")
    means = _Resamples(values_RS.shape, seed).means(values_RS)
    return _estimate(float(np.nanmean(values_RS)), means, int((~np.isnan(values_RS)).sum()))


def compare_systems(scores: Mapping[str, NDArray[np.float64]], *, seed: int) -> tuple[PairScore, ...]:
    """Return each pair of systems, the tests adjusted for their number.

    Parameters
    ----------
    scores : Mapping[str, NDArray[np.float64]]
        Shape (R, S), by system; NaN where there is no answer.
    seed : int
        Of resamples and flips.
    """
    rated = {system: values for system, values in scores.items() if not np.isnan(values).all()}
    found = []
    for first, second in combinations(rated, 2):
        one, other = rated[first], rated[second]
        resamples = _Resamples(one.shape, seed)
        difference = _estimate(
            float(np.nanmean(one) - np.nanmean(other)),
            resamples.means(one) - resamples.means(other),
            int((~np.isnan(one)).sum() + (~np.isnan(other)).sum()),
        )
        by_raters = _chance(_means(one, 1) - _means(other, 1), seed)
        by_sentences = _chance(_means(one, 0) - _means(other, 0), seed)
        found.append(PairScore(first, second, difference, by_raters, by_sentences, max(by_raters, by_sentences)))
    return _adjusted(found)


def compare_preferences(
    preferences: Mapping[tuple[str, str], NDArray[np.float64]], *, seed: int
) -> tuple[PairScore, ...]:
    """Return each pair of systems that was compared, the tests adjusted for their number.

    Parameters
    ----------
    preferences : Mapping[tuple[str, str], NDArray[np.float64]]
        Shape (R, S): 1 where the first is preferred, -1 the second, 0 none; NaN where there is no answer.
    seed : int
        Of resamples and flips.
    """
    found = []
    for (first, second), values in preferences.items():
        given = values[~np.isnan(values)]
        if not given.size:
            continue
        by_raters, by_sentences = (_chance(_means(values, axis), seed) for axis in (1, 0))
        shares = tuple(float(np.mean(given == side)) for side in (1.0, 0.0, -1.0))
        pair = PairScore(
            first, second, estimate_crossed(values, seed=seed), by_raters, by_sentences, max(by_raters, by_sentences)
        )
        found.append(replace(pair, shares=(shares[0], shares[1], shares[2])))
    return _adjusted(found)


def preference_scores(
    preferences: Mapping[tuple[str, str], NDArray[np.float64]], systems: tuple[str, ...]
) -> dict[str, NDArray[np.float64]]:
    """Return how often each system was preferred, shape (R, S): the mean over its comparisons, a tie being half."""
    found = {}
    for system in systems:
        won = [
            values if first == system else -values
            for (first, second), values in preferences.items()
            if system in (first, second)
        ]
        stacked = np.stack(won)
        counts = (~np.isnan(stacked)).sum(axis=0)
        sums = np.nansum(stacked, axis=0)
        found[system] = np.where(counts > 0, (sums / np.maximum(counts, 1) + 1.0) / 2.0, np.nan)
    return found


class _Resamples:
    """How often each rater and each sentence occurs in each resample."""

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        raters, sentences = shape
        generator = np.random.default_rng(seed)
        self.raters_BR = _counts(generator, raters)
        self.sentences_BS = _counts(generator, sentences)

    def means(self, values_RS: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each resample, shape (B,); NaN where it has no answer."""
        given = ~np.isnan(values_RS)
        sums = self._weigh(np.where(given, values_RS, 0.0))
        counts = self._weigh(given.astype(np.float64))
        with np.errstate(invalid="ignore"):
            means: NDArray[np.float64] = sums / counts
        return means

    def _weigh(self, values_RS: NDArray[np.float64]) -> NDArray[np.float64]:
        weighed: NDArray[np.float64] = np.einsum(
            "br,rs,bs->b", self.raters_BR, values_RS, self.sentences_BS, optimize=True
        )
        return weighed


def _counts(generator: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return how often each of ``size`` things is drawn in each resample, shape (B, size)."""
    drawn: NDArray[np.int64] = generator.multinomial(size, np.full(size, 1.0 / size), size=_RESAMPLES)
    return drawn.astype(np.float64)


def _estimate(value: float, resampled: NDArray[np.float64], count: int) -> Estimate:
    # A resample of a sparse table may have no answer at all.
    kept = resampled[~np.isnan(resampled)]
    low, high = np.quantile(kept, [0.025, 0.975])
    return Estimate(value, float(low), float(high), count)


def _means(values_RS: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return means over an axis, NaN where there is no answer."""
    given = ~np.isnan(values_RS)
    counts = given.sum(axis=axis)
    sums = np.where(given, values_RS, 0.0).sum(axis=axis)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _chance(differences: NDArray[np.float64], seed: int) -> float:
    paired = differences[~np.isnan(differences)]
    return chance_of(paired, seed=seed) if paired.size > 1 else 1.0


def _adjusted(found: list[PairScore]) -> tuple[PairScore, ...]:
    adjusted = adjust([pair.chance for pair in found])
    return tuple(replace(pair, chance=chance) for pair, chance in zip(found, adjusted, strict=True))
