"""What ``eval --json`` printed, read again: the metrics of a voice, and of which weights they are."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amhctl.core.documents import read_json
from amhctl.core.errors import DocumentError, EvaluationError


class _Read(BaseModel):
    """A part of a report: keys are added to it, and what is not asked for here is skipped."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class MeasuredMetric(_Read):
    """One metric."""

    value: float
    ci95: tuple[float, float]
    n: int = Field(ge=0)
    better: str
    note: str = ""


class Results(_Read):
    """A report of ``eval``."""

    command: str
    version: str
    voice: str
    machine: str
    metrics: dict[str, MeasuredMetric]
    weights: str = ""
    """SHA-256 of the weights that were measured; empty in reports of an earlier version."""
    test_set: str = ""
    """Name of the file of its texts and recordings; empty in reports of an earlier version."""


def read_results(path: Path) -> Results:
    """Return the report of an evaluation.

    Raises
    ------
    EvaluationError
        If the file holds none.
    OSError
        If it cannot be read.
    """
    hint = "create one with: amhctl eval VOICE --set TEST.jsonl --json > eval.json"
    try:
        results = Results.model_validate(read_json(path))
    except DocumentError as error:
        raise EvaluationError(f"the file is {error.message}", subject=str(path), hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise EvaluationError(f"{place}: {first['msg']}", subject=str(path), hint=hint) from error
    if results.command != "eval":
        raise EvaluationError(f"the report is from `amhctl {results.command}`", subject=str(path), hint=hint)
    return results
