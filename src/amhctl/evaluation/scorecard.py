"""The measurements of a voice on a test set, and whether they are good enough. Measures nothing itself."""

import difflib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from amhctl.core.errors import OptionError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.evaluation.bootstrap import Estimate, estimate_mean, estimate_ratio
from amhctl.evaluation.naturalness import NOTE


class Better(StrEnum):
    """Which way a metric improves."""

    HIGHER = "higher"
    LOWER = "lower"
    ONE = "closer to 1"


@dataclass(frozen=True, slots=True)
class MetricKind:
    """What a metric is; ``name`` is its key in ``--json`` and the field of ``UtteranceScore`` it averages."""

    name: str
    title: str
    better: Better
    note: str = ""


_BY_PATH = "errors over phones of the text, by the recogniser without a language model"
_BY_SEARCH = "errors over the text, by the recogniser with its language model"

KINDS: tuple[MetricKind, ...] = (
    MetricKind("text_match", "Closest to its own recording", Better.HIGHER, "fraction of clips"),
    MetricKind("mfcc_own", "MFCC distance to its own recording", Better.LOWER),
    MetricKind("mfcc_other", "MFCC distance to the closest other recording", Better.HIGHER),
    MetricKind("stops", "Stopped by itself", Better.HIGHER, "fraction of clips"),
    MetricKind("mcd", "Mel-cepstral distortion", Better.LOWER, "dB, c1 to c24, after warping"),
    MetricKind("log_f0_rmse", "log-F0 error", Better.LOWER, "natural logarithm, after warping"),
    MetricKind(
        "log_f0_spread", "Spread of log-F0", Better.ONE, "half the range of 16 % to 84 %, synthesised over natural"
    ),
    MetricKind("duration_ratio", "Duration ratio", Better.ONE, "synthesised over natural"),
    MetricKind("total_duration_ratio", "Duration ratio of all clips together", Better.ONE, "synthesised over natural"),
    MetricKind("speaker_similarity", "Speaker similarity", Better.HIGHER, "Resemblyzer cosine to the own recording"),
    MetricKind(
        "natural_speaker_similarity",
        "Speaker similarity of the recordings",
        Better.HIGHER,
        "Resemblyzer cosine to the speaker's other recordings",
    ),
    MetricKind(
        "relative_speaker_similarity",
        "Relative speaker similarity",
        Better.HIGHER,
        "to the speaker's other recordings, synthesised over natural",
    ),
    MetricKind("dnsmos_overall", "DNSMOS overall", Better.HIGHER, NOTE),
    MetricKind("dnsmos_signal", "DNSMOS signal", Better.HIGHER, NOTE),
    MetricKind("dnsmos_background", "DNSMOS background", Better.HIGHER, NOTE),
    MetricKind("dnsmos_p808", "DNSMOS P.808", Better.HIGHER, NOTE),
    MetricKind("natural_dnsmos_overall", "DNSMOS overall of the recordings", Better.HIGHER, NOTE),
    MetricKind("natural_dnsmos_p808", "DNSMOS P.808 of the recordings", Better.HIGHER, NOTE),
    MetricKind("phone_error_rate", "Phone error rate", Better.LOWER, _BY_PATH),
    MetricKind("character_error_rate", "Character error rate", Better.LOWER, _BY_SEARCH),
    MetricKind("word_error_rate", "Word error rate", Better.LOWER, _BY_SEARCH),
    MetricKind("natural_phone_error_rate", "Phone error rate of the recordings", Better.LOWER, _BY_PATH),
    MetricKind("natural_character_error_rate", "Character error rate of the recordings", Better.LOWER, _BY_SEARCH),
    MetricKind("natural_word_error_rate", "Word error rate of the recordings", Better.LOWER, _BY_SEARCH),
    MetricKind("minimal_pairs", "Minimal pairs told apart", Better.HIGHER, "fraction of words, by the recogniser"),
    MetricKind("realtime_factor", "Real-time factor", Better.LOWER, "seconds of work per second of speech"),
    MetricKind("copy_mcd", "MCD of copy-synthesis", Better.LOWER, "the codec alone, dB"),
    MetricKind("copy_pesq", "PESQ of copy-synthesis", Better.HIGHER, "the codec alone, wideband"),
    MetricKind("copy_stoi", "STOI of copy-synthesis", Better.HIGHER, "the codec alone"),
)

RULES = Rules(
    Rule("E001", Severity.ERROR, "metric misses its threshold", "A metric is worse than its --fail-under threshold."),
    Rule(
        "E002",
        Severity.ERROR,
        "test text could not be synthesised",
        "Every attempt failed the quality checks. The clip counts as not stopped and not matched "
        "and has no other measurements.",
    ),
    Rule("E003", Severity.WARNING, "clip could not be measured", "A measurement could not be made on one clip."),
    Rule("E004", Severity.WARNING, "text match skipped", "Text match needs at least two test clips to choose from."),
    Rule(
        "E005",
        Severity.INFO,
        "metric not validated for Amharic",
        "DNSMOS was trained on ratings of English speech; use it to compare versions of one voice, not languages.",
    ),
    Rule(
        "E006",
        Severity.INFO,
        "text recorded twice",
        "The set has another recording of the same text. Each sentence counts once: only the first recording is "
        "used, because text match cannot distinguish two recordings of the same text.",
    ),
    Rule(
        "E007",
        Severity.WARNING,
        "worse than the other voice",
        "On the same clips, the voice is worse in this metric than the voice of --against, by more than chance would "
        "explain. --fail-worse makes this a failure.",
    ),
)


@dataclass(frozen=True, slots=True)
class Quotient:
    """A value of synthesised speech over the same of natural; over a set, the quotient of the sums.

    Of an error rate: the errors over the units of the text.
    """

    synthesised: float
    natural: float

    @property
    def value(self) -> float:
        """The quotient of one clip."""
        return self.synthesised / self.natural


@dataclass(frozen=True, slots=True)
class UtteranceScore:
    """Everything measured on one test clip; None where a measurement does not exist.

    The fields after ``seconds`` are the metrics of ``KINDS``.
    """

    id: str
    text: str
    seconds: float | None
    text_match: float | None = None
    mfcc_own: float | None = None
    mfcc_other: float | None = None
    stops: float | None = None
    mcd: float | None = None
    log_f0_rmse: float | None = None
    log_f0_spread: Quotient | None = None
    duration_ratio: float | None = None
    total_duration_ratio: Quotient | None = None
    speaker_similarity: float | None = None
    natural_speaker_similarity: float | None = None
    relative_speaker_similarity: Quotient | None = None
    dnsmos_overall: float | None = None
    dnsmos_signal: float | None = None
    dnsmos_background: float | None = None
    dnsmos_p808: float | None = None
    natural_dnsmos_overall: float | None = None
    natural_dnsmos_p808: float | None = None
    phone_error_rate: Quotient | None = None
    character_error_rate: Quotient | None = None
    word_error_rate: Quotient | None = None
    natural_phone_error_rate: Quotient | None = None
    natural_character_error_rate: Quotient | None = None
    natural_word_error_rate: Quotient | None = None
    minimal_pairs: float | None = None
    realtime_factor: float | None = None
    copy_mcd: float | None = None
    copy_pesq: float | None = None
    copy_stoi: float | None = None

    def value_of(self, kind: MetricKind) -> float | None:
        """Return this clip's value of a metric."""
        measured = self.measured(kind)
        return measured.value if isinstance(measured, Quotient) else measured

    def measured(self, kind: MetricKind) -> float | Quotient | None:
        """Return what was measured of a metric on this clip."""
        measured: float | Quotient | None = getattr(self, kind.name)
        return measured


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric over the whole set."""

    kind: MetricKind
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All metrics of a voice on a test set, and the clips they rest on."""

    metrics: tuple[Metric, ...]
    utterances: tuple[UtteranceScore, ...]

    def metric(self, name: str) -> Metric | None:
        """Return a metric by its name, or None if nothing was measured."""
        return next((metric for metric in self.metrics if metric.kind.name == name), None)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The worst value of a metric that still passes."""

    kind: MetricKind
    value: float

    def passes(self, value: float) -> bool:
        """Return whether a value is good enough; a ratio may be off by the same factor either way."""
        if self.kind.better is Better.HIGHER:
            return value >= self.value
        if self.kind.better is Better.LOWER:
            return value <= self.value
        worst = min(self.value, 1.0 / self.value)
        return worst <= value <= 1.0 / worst


def build_scorecard(utterances: tuple[UtteranceScore, ...], *, seed: int) -> Scorecard:
    """Return the metrics over a set of clips, each with a bootstrap interval over the clips that have it."""
    metrics = []
    for kind in KINDS:
        measured = [one for utterance in utterances if (one := utterance.measured(kind)) is not None]
        if measured:
            metrics.append(Metric(kind, _estimate(measured, seed=seed)))
    return Scorecard(tuple(metrics), utterances)


def _estimate(measured: list[float | Quotient], *, seed: int) -> Estimate:
    quotients = [one for one in measured if isinstance(one, Quotient)]
    if not quotients:
        return estimate_mean(np.array(measured, dtype=np.float64), seed=seed)
    over = np.array([one.synthesised for one in quotients], dtype=np.float64)
    under = np.array([one.natural for one in quotients], dtype=np.float64)
    return estimate_ratio(over, under, seed=seed)


def parse_thresholds(conditions: tuple[str, ...]) -> tuple[Threshold, ...]:
    """Return the thresholds written as ``metric=value``.

    Raises
    ------
    OptionError
        If a condition is not of that form, names no metric, or has an impossible value.
    """
    kinds = {kind.name: kind for kind in KINDS}
    thresholds = []
    for condition in conditions:
        name, equals, number = condition.partition("=")
        kind = kinds.get(name.strip())
        subject = f"--fail-under {condition}"
        if not equals:
            raise OptionError("a condition must be METRIC=VALUE", subject=subject, hint="for example mcd=7.5")
        if kind is None:
            near = difflib.get_close_matches(name.strip(), kinds, n=1)
            raise OptionError(
                f"unknown metric {name.strip()!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                subject=subject,
                hint=f"metrics: {', '.join(kinds)}",
            )
        try:
            value = float(number)
        except ValueError:
            raise OptionError(
                f"the threshold {number!r} is not a number", subject=subject, hint="for example mcd=7.5"
            ) from None
        if not np.isfinite(value) or (kind.better is Better.ONE and value <= 0):
            raise OptionError(
                f"the threshold {number} is not a possible value", subject=subject, hint="for example mcd=7.5"
            )
        thresholds.append(Threshold(kind, value))
    return tuple(thresholds)


def judge(scorecard: Scorecard, thresholds: tuple[Threshold, ...]) -> tuple[Finding, ...]:
    """Return a finding for each threshold that a scorecard misses; a metric that was not measured misses it."""
    findings = []
    for threshold in thresholds:
        metric = scorecard.metric(threshold.kind.name)
        if metric is None:
            message = "was not measured, so its threshold is not met"
        elif not threshold.passes(metric.estimate.value):
            bound = "below" if threshold.kind.better is Better.HIGHER else "above"
            if threshold.kind.better is Better.ONE:
                bound = "further from 1 than"
            message = f"{metric.estimate.value:.4g} is {bound} {threshold.value:g}"
        else:
            continue
        findings.append(RULES.finding("E001", threshold.kind.name, message))
    return tuple(findings)
