"""``amhctl listen score``: what people's answers to a listening test say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import PAGE, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.evaluation.listening.agreement import Metric, krippendorff_alpha
from amhctl.evaluation.listening.design import KEY_FILE, RATINGS_FILE, RATINGS_FOLDER, Kind, ListeningTest, read_test
from amhctl.evaluation.listening.rating import Answer, Rater, Ratings, merge_answers, read_ratings
from amhctl.evaluation.listening.scores import (
    PairScore,
    SystemScore,
    compare_preferences,
    compare_systems,
    preference_scores,
    score_systems,
)
from amhctl.evaluation.listening.screening import Rules as ScreeningRules
from amhctl.evaluation.listening.screening import Screened, screen
from amhctl.evaluation.listening.store import open_store
from amhctl.evaluation.listening.table import tabulate, tabulate_preferences
from amhctl.pages.listening_result import ResultPage

RULES = Rules(
    Rule(
        "L010",
        Severity.WARNING,
        "answers of a person not counted",
        "The person failed checks of attention, or answers as nobody else does. `--keep-all` counts everybody; which "
        "rules to apply is decided before the scores are seen, not after.",
    ),
    Rule(
        "L011",
        Severity.WARNING,
        "few people or sentences",
        "With fewer than eight people, the interval says little about other people; ITU-T P.800 and ITU-R BS.1534 "
        "want about twenty. With fewer than eight sentences, the tests can hardly show a difference: the signs of five "
        "can be flipped in 32 ways only.",
    ),
    Rule(
        "L012",
        Severity.WARNING,
        "file of ratings not used",
        "The file holds no ratings of this test. The other files are used.",
    ),
    Rule(
        "L013",
        Severity.INFO,
        "people did not finish",
        "Some people answered a part of their trials. Their answers count.",
    ),
)
_FEWEST_PEOPLE = _FEWEST_SENTENCES = 8
_METRICS: Mapping[Kind, Metric] = {"mos": "ordinal", "mushra": "interval", "ab": "nominal"}
_METHOD = (
    "intervals: 95 %, bootstrap over people and sentences; p: sign-flip tests over people and over sentences, "
    "the greater one, adjusted by Holm's procedure"
)


@dataclass(frozen=True, slots=True)
class ScoreListeningRequest:
    """What ``amhctl listen score`` was asked.

    Attributes
    ----------
    folder : Path
        Of the test.
    ratings : tuple[Path, ...]
        Downloaded files, or folders of these, besides those in the folder of the test.
    report : Path | None
        Where to write the HTML page.
    failures : int
        Checks of attention that may be failed.
    correlation : float
        Least correlation with the others.
    keep_all : bool
        Whether everybody's answers count.
    seed : int
        Of resamples and flips.
    force : bool
        Whether an existing page may be replaced.
    """

    folder: Path
    ratings: tuple[Path, ...] = ()
    report: Path | None = None
    failures: int = 0
    correlation: float = 0.2
    keep_all: bool = False
    seed: int = 0
    force: bool = False


@dataclass(frozen=True, slots=True)
class ScoreListeningReport(Report):
    """Scores, differences, people and how far they agree."""

    test: ListeningTest
    systems: tuple[SystemScore, ...]
    pairs: tuple[PairScore, ...]
    people: tuple[Screened, ...]
    alpha: float | None
    findings: tuple[Finding, ...]
    page: Path | None = field(default=None)

    def payload(self) -> dict[str, object]:
        """Return the scores and what they rest on."""
        return {
            "kind": self.test.kind,
            "title": self.test.title,
            "test": self.test.fingerprint,
            "method": _METHOD,
            "scores": {each.system: _describe(each) for each in self.systems},
            "pairs": [_describe_pair(each) for each in self.pairs],
            "agreement": {"krippendorff_alpha": self.alpha, "metric": _METRICS[self.test.kind]},
            "raters": [_describe_person(each) for each in self.people],
            "report": str(self.page) if self.page else None,
        }

    def lines(self) -> Iterable[str]:
        """Return a line a system and a line a pair."""
        counted = sum(not person.reasons for person in self.people)
        alpha = "not defined" if self.alpha is None else f"{self.alpha:.3f}"
        yield (
            f"{self.test.kind.upper()} test, {counted} of {len(self.people)} people counted; agreement "
            f"(Krippendorff's alpha, {_METRICS[self.test.kind]}): {alpha}"
        )
        for each in self.systems:
            estimate = each.estimate
            yield (
                f"{each.system:<28}{estimate.value:>8.2f}  [{estimate.low:.2f}, {estimate.high:.2f}]  "
                f"n={estimate.count} ({each.raters} people, {each.sentences} sentences)"
            )
        for pair in self.pairs:
            gap = pair.difference
            yield (
                f"{pair.first} - {pair.second}: {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]  "
                f"p {pair.chance:.3f}  {pair.verdict}"
            )
        yield _METHOD
        if self.page:
            yield f"page: {self.page}"


def run(request: ScoreListeningRequest, progress: Progress) -> ScoreListeningReport:
    """Score a listening test.

    Raises
    ------
    EvaluationError
        If the folder holds no test, or there are no ratings of it that count.
    FileExistsRefused
        If the page exists and is not to be replaced.
    """
    if request.report is not None:
        read = (request.folder / KEY_FILE, request.folder / RATINGS_FILE, *request.ratings)
        require_output_file(request.report, PAGE, force=request.force, sources=read)
    test = read_test(request.folder)
    findings: list[Finding] = []
    answers, raters = merge_answers(_gather(request, test, findings))
    if not answers:
        raise EvaluationError(
            "there are no ratings of this test",
            subject=str(request.folder),
            hint=f"people's downloads belong into {request.folder / RATINGS_FOLDER}, or give them by --ratings",
        )
    people = screen(test, answers, raters, ScreeningRules(request.failures, request.correlation))
    if request.keep_all:
        # Without an answer to the test proper there is nothing to keep.
        people = tuple(_kept(person) for person in people)
    counted = {person.rater.id for person in people if not person.reasons}
    findings += _about(people, counted)
    kept = [answer for answer in answers if answer.rater in counted]
    if not kept:
        raise EvaluationError(
            "nobody's ratings count",
            subject=str(request.folder),
            hint="the findings say why; --keep-all counts everybody",
            findings=tuple(findings),
        )
    systems, pairs = _score(test, kept, request.seed)
    sentences = max((each.sentences for each in systems), default=0)
    if sentences < _FEWEST_SENTENCES:
        findings.append(RULES.finding("L011", "sentences", f"{sentences} sentences"))
    report = ScoreListeningReport(test, systems, pairs, people, _agreement(test, kept), tuple(findings), request.report)
    if request.report is not None:
        notes = [next(iter(report.lines())), _METHOD]
        page = ResultPage(test, systems, pairs, people, notes)
        write_text_atomically(request.report, page.render())
    return report


def _gather(request: ScoreListeningRequest, test: ListeningTest, findings: list[Finding]) -> list[Ratings]:
    """Return all answers: those of the server, and those that people downloaded."""
    gathered: list[Ratings] = []
    database = request.folder / RATINGS_FILE
    if database.is_file():
        with open_store(database, test) as store:
            gathered += store.load()
    folder = request.folder / RATINGS_FOLDER
    places = [*([folder] if folder.is_dir() else []), *request.ratings]
    for place in places:
        if not place.exists():
            raise EvaluationError("there is no such file or folder", subject=str(place), hint="check --ratings")
        for path in sorted(place.glob("*.json")) if place.is_dir() else [place]:
            try:
                gathered.append(read_ratings(path, test))
            except EvaluationError as fault:
                findings.append(RULES.finding("L012", str(path), fault.message, fault.hint))
    return gathered


def _kept(person: Screened) -> Screened:
    reasons = () if person.answered else person.reasons
    return Screened(
        person.rater, person.answered, person.wanted, person.checks, person.failed, person.correlation, reasons
    )


def _about(people: Sequence[Screened], counted: set[str]) -> list[Finding]:
    findings = [
        RULES.finding("L010", person.rater.id, "; ".join(person.reasons)) for person in people if person.reasons
    ]
    if len(counted) < _FEWEST_PEOPLE:
        findings.append(RULES.finding("L011", "raters", f"{len(counted)} people"))
    unfinished = [person.rater.id for person in people if not person.reasons and person.answered < person.wanted]
    if unfinished:
        findings.append(RULES.finding("L013", "raters", f"{len(unfinished)} people: {', '.join(unfinished[:5])}"))
    return findings


def _score(
    test: ListeningTest, answers: Sequence[Answer], seed: int
) -> tuple[tuple[SystemScore, ...], tuple[PairScore, ...]]:
    if test.kind == "ab":
        preferences = tabulate_preferences(test, answers).preferences
        systems = score_systems(preference_scores(preferences, test.systems), seed=seed)
        return systems, compare_preferences(preferences, seed=seed)
    scores = tabulate(test, answers).scores
    return score_systems(scores, seed=seed), compare_systems(scores, seed=seed)


def _agreement(test: ListeningTest, answers: Sequence[Answer]) -> float | None:
    """Return Krippendorff's alpha over everything that was rated."""
    if test.kind == "ab":
        preferences = tabulate_preferences(test, answers).preferences
        values: list[NDArray[np.float64]] = list(preferences.values())
    else:
        values = list(tabulate(test, answers).scores.values())
    return krippendorff_alpha(np.concatenate(values, axis=1), _METRICS[test.kind])


def _describe(each: SystemScore) -> dict[str, object]:
    estimate = each.estimate
    return {
        "value": estimate.value,
        "ci95": [estimate.low, estimate.high],
        "n": estimate.count,
        "raters": each.raters,
        "sentences": each.sentences,
    }


def _describe_pair(pair: PairScore) -> dict[str, object]:
    return {
        "first": pair.first,
        "second": pair.second,
        "difference": pair.difference.value,
        "ci95": [pair.difference.low, pair.difference.high],
        "n": pair.difference.count,
        "p_raters": pair.by_raters,
        "p_sentences": pair.by_sentences,
        "p": pair.chance,
        "shares": None if pair.shares is None else dict(zip(("first", "none", "second"), pair.shares, strict=True)),
        "verdict": pair.verdict,
    }


def _describe_person(person: Screened) -> dict[str, object]:
    rater: Rater = person.rater
    return {
        "id": rater.id,
        "headphones": rater.headphones,
        "answered": person.answered,
        "of": person.wanted,
        "checks": person.checks,
        "checks_failed": person.failed,
        "correlation": person.correlation,
        "excluded": bool(person.reasons),
        "reasons": list(person.reasons),
    }
