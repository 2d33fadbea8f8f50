"""``listening.json``: the key of a listening test. Knows no audio and no page.

Format 1. It says which system made which sound, and which answers are expected where a person's attention is checked.
The page that people open knows neither. Whoever publishes a test publishes the folder ``page`` alone.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, model_validator

from amhctl.config.document import Document
from amhctl.core.documents import read_json
from amhctl.core.errors import DocumentError, EvaluationError
from amhctl.core.files import sha256_of_json
from amhctl.core.outputs import FolderKind

FORMAT_VERSION: Final = 1
KEY_FILE, PAGE_FOLDER, PAGE_FILE, RATINGS_FILE, RATINGS_FOLDER = (
    "listening.json",
    "page",
    "index.html",
    "ratings.sqlite",
    "ratings",
)
"""What is in the folder of a test: the key, the page with its sounds, the ratings of a server, downloaded ratings."""
LISTENING_TEST = FolderKind(
    "a listening test",
    KEY_FILE,
    frozenset({"listening_test", "trials", "sheets"}),
    members=(PAGE_FOLDER,),
)
"""A folder with ratings is not replaced: they are strangers to it."""

Kind = Literal["mos", "mushra", "ab"]
Role = Literal["training", "test", "gold", "trap"]
Identifier = Annotated[str, Field(pattern=r"^[0-9a-z-]{1,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]

REFERENCE, LOW, MID, SPOILT, BEEPS = "reference", "anchor-3500", "anchor-7000", "spoilt", "beeps"
"""Systems that are none of those compared: the hidden reference, anchors, and sounds of known quality."""
HIDDEN: Final = frozenset({LOW, MID, SPOILT, BEEPS})
SCALES: Final[dict[str, tuple[float, float]]] = {"mos": (1.0, 5.0), "mushra": (0.0, 100.0), "ab": (-1.0, 1.0)}
"""Lowest and highest score of each kind of test; MOS and AB have whole numbers only."""


class Stimulus(Document):
    """A sound of the test."""

    id: Identifier
    """Says nothing of what it is: the page shows it."""
    file: str = Field(pattern=r"^[0-9a-z-]{1,40}\.flac$")
    """Its file in ``page/audio``."""
    system: Name
    """Which system made it."""
    sentence: Name
    """Id of the sentence."""


class Expected(Document):
    """The score that an attentive person gives a stimulus."""

    stimulus: Identifier
    low: float
    high: float


class Trial(Document):
    """What a person hears and answers at once."""

    id: Identifier
    role: Role
    """Answers of ``training`` are not counted, those of ``gold`` and ``trap`` only say who was attentive."""
    stimuli: tuple[Identifier, ...] = Field(min_length=1, max_length=12)
    """What is rated, in an order that says nothing. In a comparison the score is positive where the first is better."""
    reference: Identifier | None = None
    """The open reference of MUSHRA."""
    expected: Expected | None = None
    """Of ``gold`` and ``trap``."""


class Sheet(Document):
    """In which order one person hears the test."""

    trials: tuple[int, ...]
    """Places of the trials in the document, one after the other."""
    orders: tuple[tuple[int, ...], ...]
    """For each of them, the places of its stimuli from left to right."""


class ListeningTest(Document):
    """A listening test."""

    listening_test: Literal[1] = FORMAT_VERSION
    """Version of this document."""
    kind: Kind
    title: Name
    question: Literal["quality", "naturalness"] = "quality"
    """What people are asked to rate."""
    package_version: str
    seed: int = Field(ge=0, le=2**32 - 1)
    loudness: float
    """Of all sounds, LUFS."""
    systems: tuple[Name, ...] = Field(min_length=1)
    """What is compared, in the order of results."""
    reference: Name | None = None
    """Which of them are the natural recordings, if they are there."""
    stimuli: tuple[Stimulus, ...] = Field(min_length=1)
    trials: tuple[Trial, ...] = Field(min_length=1)
    sheets: tuple[Sheet, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> "ListeningTest":
        """Refuse a test that refers to what it has not."""
        known = set(self.by_id)
        if len(known) != len(self.stimuli) or len({trial.id for trial in self.trials}) != len(self.trials):
            raise ValueError("two stimuli or two trials have one id")
        for trial in self.trials:
            named = {*trial.stimuli, *([trial.reference] if trial.reference else [])}
            if not named <= known or (trial.expected and trial.expected.stimulus not in trial.stimuli):
                raise ValueError(f"the trial {trial.id} names a stimulus that is not there")
        for number, sheet in enumerate(self.sheets):
            if not _fits(sheet, self.trials):
                raise ValueError(f"sheet {number} is no order of the trials and their stimuli")
        return self

    @cached_property
    def by_id(self) -> dict[str, Stimulus]:
        """The stimuli by their ids."""
        return {stimulus.id: stimulus for stimulus in self.stimuli}

    @cached_property
    def trial_by_id(self) -> dict[str, Trial]:
        """The trials by their ids."""
        return {trial.id: trial for trial in self.trials}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the test: an answer belongs to one test."""
        return sha256_of_json(self.model_dump(mode="json"))


def _fits(sheet: Sheet, trials: tuple[Trial, ...]) -> bool:
    if len(sheet.trials) != len(sheet.orders) or len(set(sheet.trials)) != len(sheet.trials):
        return False
    return all(
        0 <= place < len(trials) and sorted(order) == list(range(len(trials[place].stimuli)))
        for place, order in zip(sheet.trials, sheet.orders, strict=True)
    )


def read_test(folder: Path) -> ListeningTest:
    """Return the listening test of a folder.

    Raises
    ------
    EvaluationError
        If the folder holds none, or its key is damaged.
    OSError
        If the key cannot be read.
    """
    path = folder / KEY_FILE
    hint = "create one with: amhctl listen new"
    if not path.is_file():
        raise EvaluationError(
            f"the folder is not a listening test: it has no {KEY_FILE}", subject=str(folder), hint=hint
        )
    try:
        return ListeningTest.model_validate(read_json(path))
    except DocumentError as error:
        raise EvaluationError(f"the file is {error.message}", subject=str(path), hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise EvaluationError(f"{place}: {first['msg']}", subject=str(path), hint=hint) from error
