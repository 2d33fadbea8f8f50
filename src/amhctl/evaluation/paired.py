"""Whether one voice measures better than another on the same clips. Measures nothing itself.

Each clip is its own control: what is compared is the difference of the two voices on a clip. Whether the mean
difference may be chance is asked by flipping the signs of the differences (Fisher, "The Design of Experiments", 1935,
section 21); of many metrics some differ by chance, so that the probabilities are adjusted by Holm's step-down procedure
("A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amhctl.evaluation.bootstrap import Estimate, estimate_mean
from amhctl.evaluation.scorecard import KINDS, Better, MetricKind, Scorecard

_FLIPS = 10_000
# So many clips have no more ways to flip than are drawn at random of more.
_EXACT_CLIPS = 13
_CHANCE = 0.05
NOT_COMPARED = frozenset(
    {
        "natural_speaker_similarity",
        "natural_dnsmos_overall",
        "natural_dnsmos_p808",
        "natural_phone_error_rate",
        "natural_character_error_rate",
        "natural_word_error_rate",
        "realtime_factor",
        "total_duration_ratio",
        "copy_mcd",
        "copy_pesq",
        "copy_stoi",
    }
)
"""Metrics of the recordings and of the machine, not of the voice; and what another metric has clip by clip."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two voices on the clips on which both have it.

    Attributes
    ----------
    kind : MetricKind
        The metric.
    value, other : float
        Means over the clips of the voice and of the other one.
    gain : Estimate
        Mean of the clips' gains with its 95 % interval. A gain is how much better the voice is than the other: a
        difference, or of a metric that is best at 1, the difference of the distances of logarithms from 0.
    chance : float
        Probability, adjusted for the number of metrics, of a mean gain that far from 0 if both voices were alike.
    """

    kind: MetricKind
    value: float
    other: float
    gain: Estimate
    chance: float

    @property
    def verdict(self) -> str:
        """Whether the voice is ``better`` or ``worse``, or there is no ``difference`` that chance would not make."""
        if self.chance >= _CHANCE:
            return "no difference"
        return "better" if self.gain.value > 0 else "worse"


def compare(card: Scorecard, other: Scorecard, *, seed: int) -> tuple[Difference, ...]:
    """Return how a voice differs from another one, metric by metric, on the clips of both scorecards.

    Parameters
    ----------
    card, other : Scorecard
        Of the voice, and of the other one on the same clips.
    seed : int
        Of resamples and flips.
    """
    theirs = {clip.id: clip for clip in other.utterances}
    pairs = [(clip, theirs[clip.id]) for clip in card.utterances if clip.id in theirs]
    found = []
    for kind in KINDS:
        if kind.name in NOT_COMPARED:
            continue
        values = [(one.value_of(kind), two.value_of(kind)) for one, two in pairs]
        both = np.array([pair for pair in values if None not in pair], dtype=np.float64)
        if len(both) < 2:
            continue
        gains = _goodness(both[:, 0], kind.better) - _goodness(both[:, 1], kind.better)
        mean, others = both.mean(axis=0).tolist()
        found.append(Difference(kind, mean, others, estimate_mean(gains, seed=seed), chance_of(gains, seed=seed)))
    return _adjusted(found)


def chance_of(gains: NDArray[np.float64], *, seed: int) -> float:
    """Return the probability of a mean that far from 0 or farther, were each gain as likely to be a loss.

    All ways to flip the signs are tried for up to 13 gains, 10,000 drawn ones for more (which count themselves, so that
    no probability is 0).

    Parameters
    ----------
    gains : NDArray[np.float64]
        Shape (clips,).
    seed : int
        Of the flips.
    """
    count = gains.size
    if count <= _EXACT_CLIPS:
        flips = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    else:
        flips = 1 - 2 * np.random.default_rng(seed).integers(0, 2, size=(_FLIPS, count))
        flips[0] = 1
    # The same sum in another order differs in its last bits.
    least = abs(float(gains.sum())) * (1.0 - 1e-12)
    return float(np.mean(np.abs(flips @ gains) >= least))


def _goodness(values: NDArray[np.float64], better: Better) -> NDArray[np.float64]:
    if better is Better.ONE:
        return -np.abs(np.log(values))
    return values if better is Better.HIGHER else -values


def _adjusted(found: list[Difference]) -> tuple[Difference, ...]:
    """Return the differences with their probabilities adjusted by Holm's procedure."""
    adjusted = adjust([each.chance for each in found])
    return tuple(replace(each, chance=chance) for each, chance in zip(found, adjusted, strict=True))


def adjust(chances: Sequence[float]) -> list[float]:
    """Return probabilities of several tests adjusted by Holm's procedure, in their order.

    >>> adjust([0.5, 0.25, 0.01])
    [0.5, 0.5, 0.03]
    """
    adjusted = [1.0] * len(chances)
    most = 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda place: chances[place])):
        most = max(most, min(1.0, chances[place] * (len(chances) - rank)))
        adjusted[place] = most
    return adjusted
