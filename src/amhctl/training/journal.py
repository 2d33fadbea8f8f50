"""The journal of a run: what was measured at each step, for people, scripts and TensorBoard.

``journal.jsonl`` holds one JSON object a line. Keys: ``kind`` (``step`` or ``valid``), ``step``, then the values
measured; those of a validation end with ``speaker_spread`` and ``speaker_activation`` (see ``model/hearing.py``).
``seconds`` is the only key that differs between two runs of the same seed on the same machine. A continued run drops
what was written after its checkpoint, so that the file reads as if there had been no interruption.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from torch.utils.tensorboard import SummaryWriter

from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import DocumentError, TrainingError
from amhctl.core.files import write_text_atomically

Kind = Literal["step", "valid"]


def read_journal(path: Path) -> Iterator[dict[str, object]]:
    """Yield the journal's entries; a last line cut off by a crash is left out.

    Raises
    ------
    TrainingError
        If a line is no entry.
    """
    if not path.exists():
        return
    with path.open("rb") as stream:
        for number, line in enumerate(limited_lines(stream), start=1):
            if line is None or line.endswith(b"\n"):
                yield _parse(line, f"{path}:{number}")


def _parse(line: bytes | None, subject: str) -> dict[str, object]:
    try:
        entry = None if line is None else parse_json(line)
    except DocumentError:
        entry = None
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), int):
        raise TrainingError("the line is no entry of a journal", subject=subject, hint="delete the line")
    return entry


class Journal:
    """Appends entries to ``journal.jsonl`` and to TensorBoard's event files.

    Parameters
    ----------
    path : Path
        The JSON Lines file.
    tensorboard : Path
        Folder of the event files.
    step : int
        The step from which the run goes on; later entries are dropped.
    """

    def __init__(self, path: Path, tensorboard: Path, *, step: int) -> None:
        kept = [entry for entry in read_journal(path) if int(str(entry["step"])) <= step]
        write_text_atomically(path, "".join(json.dumps(entry) + "\n" for entry in kept))
        self._stream = path.open("a", encoding="utf-8")
        self._writer = SummaryWriter(str(tensorboard), purge_step=step + 1)

    def write(self, kind: Kind, step: int, values: Mapping[str, float | list[float]]) -> None:
        """Write one entry; it is with the operating system, and safe from a killed process, on return."""
        self._stream.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        self._stream.flush()
        for name, value in values.items():
            if isinstance(value, list):
                for index, part in enumerate(value):
                    self._writer.add_scalar(f"{kind}/{name}/{index}", part, step)
            else:
                self._writer.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Close both files."""
        self._stream.close()
        self._writer.close()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close both files, whatever happened."""
        self.close()
