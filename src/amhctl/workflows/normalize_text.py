"""``text normalize``: written text to spoken text, line by line."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.errors import TextError
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.text.frontend import Frontend
from amhctl.text.spoken import SpokenText, TraceEntry
from amhctl.workflows.reading import open_frontend


@dataclass(frozen=True, slots=True)
class NormalizeTextRequest:
    """The text and where its options come from."""

    text: str
    trace: bool = False
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class NormalizeTextReport:
    """Spoken text, a line for each written line; spans of the trace count from the start of the whole text."""

    text: str
    spoken: tuple[str, ...]
    trace: tuple[TraceEntry, ...]
    state: str
    show_trace: bool

    @property
    def ok(self) -> bool:
        """True: text that cannot be spoken is an error."""
        return True

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Nothing is inspected."""
        return ()

    def payload(self) -> dict[str, object]:
        """Return the text, what is said for it, every change and the hash of the frontend's state."""
        trace = [asdict(entry) for entry in self.trace]
        return {"text": self.text, "spoken": "\n".join(self.spoken), "trace": trace, "state": self.state}

    def lines(self) -> Iterable[str]:
        """Return the spoken lines, and the trace if it was asked for."""
        yield from self.spoken
        if self.show_trace:
            for entry in self.trace:
                yield f"{entry.rule}\t{entry.start}-{entry.end}\t{entry.before!r} -> {entry.after!r}"


def run(request: NormalizeTextRequest, progress: Progress) -> NormalizeTextReport:
    """Normalise a text.

    Raises
    ------
    TextError
        If a line that is not blank, or the whole text, has nothing to speak.
    """
    flags = {"paths.lexicons": request.lexicons}
    frontend = open_frontend(
        load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    )
    spoken: list[str] = []
    trace: list[TraceEntry] = []
    for number, start, line in numbered_lines(request.text):
        if not line:
            spoken.append("")
            continue
        result = normalize_line(frontend, line, number)
        spoken.append(result.text)
        trace += (replace(entry, start=entry.start + start, end=entry.end + start) for entry in result.trace)
    if not any(spoken):
        frontend.normalize(request.text)
    return NormalizeTextReport(request.text, tuple(spoken), tuple(trace), frontend.state_hash, request.trace)


def numbered_lines(text: str) -> Iterable[tuple[int, int, str]]:
    """Return number, offset and content of each line; a line of blanks only has no content."""
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        content = line.rstrip("\r\n")
        yield number, start, content if content.strip() else ""
        start += len(line)


def normalize_line(frontend: Frontend, line: str, number: int) -> SpokenText:
    """Return the spoken form of one line.

    Raises
    ------
    TextError
        If it has nothing to speak; the error names the line.
    """
    try:
        return frontend.normalize(line)
    except TextError as error:
        raise TextError(error.message, subject=f"line {number}: {error.subject}", hint=error.hint) from error
