"""Answers of people: as the page sends them, as it saves them, and as they are kept. Knows no audio.

A document of answers, format 1, is what the page posts to a server and what people download::

    {"ratings_format": 1, "test": "<fingerprint>", "rater": {"id": …}, "ratings": [{"trial": …, "score": …}, …]}

An answer is known by person, trial and stimulus. Of several answers with the same three, the one with the greatest
``revision`` counts, so that it does not matter how often and in which order they arrive.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, field_validator

from amhctl.config.document import Document
from amhctl.core.documents import parse_json, read_json
from amhctl.core.errors import DocumentError, EvaluationError
from amhctl.evaluation.listening.design import SCALES, Identifier, ListeningTest

FORMAT_VERSION: Final = 1
MOST_BYTES = 256 << 10
"""Of a document that is posted: 500 answers have a quarter of it."""
MOST_RATINGS = 500
_MOST_SAVED = 20_000
_LONGEST_NICKNAME = 40
_LATEST = 2**53

Number = Annotated[int, Field(strict=True, ge=0, le=_LATEST)]


class Rater(Document):
    """Who answers: nothing that names a person."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    """Drawn at random by the page, or given in the page's address by whoever invites."""
    nickname: str = ""
    """At most 40 characters that can be shown; others are left out, so that no name keeps answers from being saved."""
    headphones: bool | None = None
    language: Literal["am", "en", ""] = ""
    """Of the page."""
    sheet: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    """Number of the order."""

    @field_validator("nickname")
    @classmethod
    def _can_be_shown(cls, value: str) -> str:
        return "".join(letter for letter in value if letter.isprintable())[:_LONGEST_NICKNAME]


class Rating(Document):
    """One answer."""

    trial: Identifier
    stimulus: Identifier
    """What was rated; of a comparison its first stimulus, and the score is positive where that one is better."""
    score: float
    revision: Number
    """Milliseconds since 1970 by the clock of the page, and more than that of the former answer."""
    seconds: float = Field(0.0, ge=0.0, le=86_400.0)
    """From the begin of the trial to the answer."""


class Ratings(Document):
    """Answers of one person."""

    ratings_format: Literal[1]
    test: str = Field(max_length=64)
    """Fingerprint of the test."""
    rater: Rater
    ratings: tuple[Rating, ...] = Field(max_length=_MOST_SAVED)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that counts.

    Attributes
    ----------
    rater : str
        Id of the person.
    rating : Rating
        The answer.
    """

    rater: str
    rating: Rating

    @property
    def key(self) -> tuple[str, str, str]:
        """Person, trial and stimulus."""
        return self.rater, self.rating.trial, self.rating.stimulus


def parse_ratings(content: bytes, test: ListeningTest) -> Ratings:
    """Return the answers that a page sent.

    Raises
    ------
    EvaluationError
        If they are none, or of another test.
    """
    try:
        ratings = Ratings.model_validate(parse_json(content))
    except DocumentError as error:
        raise EvaluationError(f"the ratings are {error.message}") from error
    except ValidationError as error:
        raise EvaluationError(f"the ratings are not valid: {_first(error)}") from error
    if len(ratings.ratings) > MOST_RATINGS:
        raise EvaluationError(f"{len(ratings.ratings)} ratings at once; at most {MOST_RATINGS} are accepted")
    require_of_test(ratings, test)
    return ratings


def read_ratings(path: Path, test: ListeningTest) -> Ratings:
    """Return the answers that somebody downloaded.

    Raises
    ------
    EvaluationError
        If the file holds none, or those of another test.
    OSError
        If it cannot be read.
    """
    hint = "ask for the file again: the last page of the test has the download"
    try:
        ratings = Ratings.model_validate(read_json(path))
    except DocumentError as error:
        raise EvaluationError(f"the file is {error.message}", subject=str(path), hint=hint) from error
    except ValidationError as error:
        raise EvaluationError(f"the file has no ratings: {_first(error)}", subject=str(path), hint=hint) from error
    try:
        require_of_test(ratings, test)
    except EvaluationError as error:
        raise EvaluationError(error.message, subject=str(path), hint=error.hint) from error
    return ratings


def require_of_test(ratings: Ratings, test: ListeningTest) -> None:
    """Refuse answers that no page of this test gives.

    Raises
    ------
    EvaluationError
        If they are of another test, or a trial, stimulus or score is none of it.
    """
    if ratings.test != test.fingerprint:
        raise EvaluationError(
            "the ratings are of another test",
            hint="a test that was made again is another one",
        )
    low, high = SCALES[test.kind]
    for rating in ratings.ratings:
        trial = test.trial_by_id.get(rating.trial)
        if trial is None or rating.stimulus not in trial.stimuli:
            raise EvaluationError(f"the test has no stimulus {rating.stimulus} in a trial {rating.trial}")
        if test.kind == "ab" and rating.stimulus != trial.stimuli[0]:
            raise EvaluationError(f"the comparison {rating.trial} is not rated by its first stimulus")
        whole = test.kind == "mushra" or rating.score == int(rating.score)
        if not (low <= rating.score <= high and whole):
            raise EvaluationError(f"the score {rating.score:g} of trial {rating.trial} is not on the scale")


def merge_answers(ratings: Iterable[Ratings]) -> tuple[tuple[Answer, ...], dict[str, Rater]]:
    """Return the answers that count, and who gave them, ordered by person, trial and stimulus."""
    answers: dict[tuple[str, str, str], Answer] = {}
    raters: dict[str, Rater] = {}
    for document in ratings:
        raters[document.rater.id] = document.rater
        for rating in document.ratings:
            answer = Answer(document.rater.id, rating)
            former = answers.get(answer.key)
            # Of two answers at the same moment the greater score, whatever came first.
            if former is None or (rating.revision, rating.score) > (former.rating.revision, former.rating.score):
                answers[answer.key] = answer
    return tuple(answers[key] for key in sorted(answers)), raters


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the document"
    return f"{place}: {first['msg']}"[:300]
