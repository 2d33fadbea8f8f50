"""``failed-PART.jsonl``: what could not be extracted into a part of a code store, and why."""

import json
from collections.abc import Mapping
from pathlib import Path

from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import DatasetError, DocumentError
from amhctl.core.files import write_text_atomically


def write_failures(folder: Path, part: str, failures: Mapping[str, str]) -> None:
    """Replace the list of a part: reason by id."""
    rows = [json.dumps({"id": id_, "reason": why}, ensure_ascii=False) + "\n" for id_, why in failures.items()]
    write_text_atomically(folder / f"failed-{part}.jsonl", "".join(rows))


def read_failures(folder: Path) -> dict[str, str]:
    """Return what could not be extracted into any part of a store: reason by id.

    Raises
    ------
    DatasetError
        If a line of a list does not give an id and a reason.
    """
    found: dict[str, str] = {}
    for file in sorted(folder.glob("failed-*.jsonl")):
        with file.open("rb") as stream:
            for number, row in enumerate(limited_lines(stream), start=1):
                id_, reason = _parse(row, f"{file}:{number}")
                found[id_] = reason
    return found


def _parse(row: bytes | None, subject: str) -> tuple[str, str]:
    try:
        value = None if row is None else parse_json(row)
    except DocumentError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("id", "reason")):
        raise DatasetError(
            "the line does not name a failed utterance and the reason",
            subject=subject,
            hint="delete the file: codes extract writes it again",
        )
    return value["id"], value["reason"]
