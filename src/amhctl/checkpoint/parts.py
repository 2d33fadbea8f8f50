"""Parts of a checkpoint, read as what they must be: a digest says that a part is the one written, not that it is right.

Knows no kind of part: what reads one is handed in, such as ``ModelConfig.model_validate``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from pydantic import JsonValue, ValidationError

from amhctl.core.documents import read_json as read_document
from amhctl.core.errors import CheckpointError, DocumentError

_Raw = TypeVar("_Raw")
_Part = TypeVar("_Part")
OTHERS = "the checkpoint was edited or written by another version: copy it from its source again"


def read_part(parse: Callable[[_Raw], _Part], raw: _Raw, *, place: str, subject: str) -> _Part:
    """Return what a part of a checkpoint describes.

    Parameters
    ----------
    parse : Callable[[_Raw], _Part]
        Reads the part.
    raw : _Raw
        The part as it is in the checkpoint.
    place : str
        Key or file of the part, such as ``config``.
    subject : str
        Folder or file of the checkpoint.

    Raises
    ------
    CheckpointError
        If the part is none of its kind; the first value that is wrong is named.
    """
    try:
        return parse(raw)
    except ValidationError as error:
        faults = error.errors()
        first = ".".join((place, *map(str, faults[0]["loc"]))).lstrip(".")
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise CheckpointError(
            f"{first}: {faults[0]['msg'].removeprefix('Value error, ')}{more}",
            subject=subject,
            hint=OTHERS,
        ) from error


def read_json(path: Path) -> dict[str, JsonValue]:
    """Return the object in a JSON file of a checkpoint.

    Raises
    ------
    CheckpointError
        If the file holds no JSON object.
    """
    try:
        document = read_document(path)
    except DocumentError as error:
        raise CheckpointError(error.message, subject=str(path), hint=OTHERS) from error
    if not isinstance(document, dict):
        raise CheckpointError("not a JSON object", subject=str(path), hint=OTHERS)
    return cast("dict[str, JsonValue]", document)
