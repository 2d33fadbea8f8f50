"""The journal of a run: what was measured at each step, for people, scripts and TensorBoard.

``journal.jsonl`` holds one JSON object per line. Keys: ``kind`` (``step``, ``valid`` or ``event``), ``step``, then the
values measured; those of a validation end with ``speaker_spread`` and ``speaker_activation`` (see
``model/speaker_probe.py``). An event has ``event``, its name, and ``why``.
``seconds`` is the only key that differs between two runs of the same seed on the same machine. A continued run drops
what was written after its checkpoint, so that the file reads as if there had been no interruption.
A line that is damaged is skipped; a last line that has no end was cut off by a crash, and is nothing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from torch.utils.tensorboard import SummaryWriter

from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import DocumentError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity

Kind = Literal["step", "valid"]
EventName = Literal["skipped", "returned", "split", "forgot", "stage"]


@dataclass(frozen=True, slots=True)
class Event:
    """What befell a run at a step: one not taken, a return to a good state, micro-batches cut in parts, a new stage."""

    step: int
    name: EventName
    why: str


RULES = Rules(
    Rule(
        "R008",
        Severity.WARNING,
        "damaged journal line",
        "A line of the run's journal is damaged and is removed. The run resumes from its checkpoint, which has "
        "everything that training needs; only the measurements of that step are lost.",
    ),
)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One whole line: its number, counted from 1, and its entry; None if it is damaged."""

    number: int
    entry: dict[str, object] | None


def scan_journal(path: Path) -> Iterator[JournalLine]:
    """Yield every line that has an end."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        for number, line in enumerate(limited_lines(stream), start=1):
            if line is None or line.endswith(b"\n"):
                yield JournalLine(number, None if line is None else _parse(line))


def read_journal(path: Path) -> Iterator[dict[str, object]]:
    """Yield the journal's entries; what is damaged or cut off is left out."""
    return (line.entry for line in scan_journal(path) if line.entry is not None)


def rewind_journal(path: Path, step: int) -> tuple[Finding, ...]:
    """Drop the entries after a step, which did not happen; return a finding for each damaged line, dropped too."""
    kept: list[str] = []
    findings: list[Finding] = []
    for line in scan_journal(path):
        if line.entry is None:
            message = "the damaged line is removed from the journal"
            hint = f"the run resumes from its checkpoint of step {step}, which is undamaged"
            findings.append(RULES.finding("R008", f"{path}:{line.number}", message, hint))
        elif int(str(line.entry["step"])) <= step:
            kept.append(json.dumps(line.entry) + "\n")
    write_text_atomically(path, "".join(kept))
    return tuple(findings)


def _parse(line: bytes) -> dict[str, object] | None:
    try:
        entry = parse_json(line)
    except DocumentError:
        return None
    return entry if isinstance(entry, dict) and type(entry.get("step")) is int else None


class Journal:
    """Appends entries to ``journal.jsonl`` and to TensorBoard's event files.

    Parameters
    ----------
    path : Path
        The JSON Lines file.
    tensorboard : Path
        Folder of the event files.
    step : int
        The step from which the run continues; later entries are dropped.

    Attributes
    ----------
    findings : tuple[Finding, ...]
        One for each damaged line that was dropped.
    """

    def __init__(self, path: Path, tensorboard: Path, *, step: int) -> None:
        self.findings = rewind_journal(path, step)
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

    def tell(self, event: Event) -> None:
        """Write down an event, as safely as an entry."""
        row = {"kind": "event", "step": event.step, "event": event.name, "why": event.why}
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._stream.flush()
        self._writer.add_text(f"event/{event.name}", event.why, event.step)

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
