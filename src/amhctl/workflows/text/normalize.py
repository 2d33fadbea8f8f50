"""``text normalize``: written text to spoken text, line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.text.spoken import SpokenText
from amhctl.workflows.reading import open_frontend
from amhctl.workflows.text.lines import ReadLine, read_lines, tell


@dataclass(frozen=True, slots=True)
class NormalizeTextRequest:
    """The text, line by line with the ends of lines, and where its options come from."""

    text: Iterable[str]
    trace: bool = False
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class NormalizeTextReport(Report):
    """Spoken text, a line for each written line. Each is read when it is asked for, and can be asked for once.

    Attributes
    ----------
    read : Iterator[ReadLine[SpokenText]]
        The lines as they are read.
    state : str
        Hash of the frontend's state.
    show_trace : bool
        Whether people see the changes of each line after it.
    progress : Progress
        Told of what is not spoken while the lines are written.
    """

    read: Iterator[ReadLine[SpokenText]]
    state: str
    show_trace: bool
    progress: Progress
    _found: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not spoken, once `payload` was asked for; `lines` says it at once instead."""
        return tuple(self._found)

    def payload(self) -> dict[str, object]:
        """Return the text, what is said for it, every change and the hash of the frontend's state.

        Spans of the trace count characters from the start of the whole text.

        Raises
        ------
        TextError
            If no line has anything to speak.
        """
        written: list[str] = []
        spoken: list[str] = []
        trace: list[dict[str, object]] = []
        for line in self.read:
            written.append(line.written)
            spoken.append(line.result.text if line.result else "")
            self._found.extend(line.findings)
            entries = line.result.trace if line.result else ()
            trace += (
                asdict(replace(entry, start=entry.start + line.start, end=entry.end + line.start)) for entry in entries
            )
        return {"text": "".join(written), "spoken": "\n".join(spoken), "trace": trace, "state": self.state}

    def lines(self) -> Iterable[str]:
        """Yield the spoken lines, each with its trace after it if that was asked for.

        Raises
        ------
        TextError
            After the last line, if none has anything to speak.
        """
        for line in self.read:
            tell(line, self.progress)
            yield line.result.text if line.result else ""
            for entry in line.result.trace if line.result and self.show_trace else ():
                span = f"{entry.start + line.start}-{entry.end + line.start}"
                yield f"{entry.rule}\t{span}\t{entry.before!r} -> {entry.after!r}"


def run(request: NormalizeTextRequest, progress: Progress) -> NormalizeTextReport:
    """Normalise a text, line by line as the report is read.

    Raises
    ------
    TextError
        If a lexicon cannot be read.
    """
    flags = {"paths.lexicons": request.lexicons}
    frontend = open_frontend(
        load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    )
    read = read_lines(request.text, frontend, lambda spoken: spoken)
    return NormalizeTextReport(read, frontend.state_hash, request.trace, progress)
