"""``text phones``: text to phones, line by line. Written text is normalised first."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.text.spoken import Fallback, Phones
from amhctl.workflows.reading import open_frontend
from amhctl.workflows.text.lines import ReadLine, read_lines, tell

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class PhonemizeTextRequest:
    """The text, line by line with the ends of lines, and the backend; ``auto`` is the chain of the configuration."""

    text: Iterable[str]
    backend: str = AUTO
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class PhonemizeTextReport(Report):
    """Phones, a line for each written line. Each is read when it is asked for, and can be asked for once.

    Attributes
    ----------
    read : Iterator[ReadLine[Phones]]
        The lines as they are read.
    progress : Progress
        Told of what is not spoken, and of backends that were skipped, while the lines are written.
    """

    read: Iterator[ReadLine[Phones]]
    progress: Progress
    _found: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not spoken, once `payload` was asked for; `lines` says it at once instead."""
        return tuple(self._found)

    def payload(self) -> dict[str, object]:
        """Return the phones, the backends used and those skipped.

        Raises
        ------
        TextError
            If no line has anything to speak.
        """
        phones: list[str] = []
        backends: dict[str, None] = {}
        fallbacks: dict[Fallback, None] = {}
        for line in self.read:
            phones.append(line.result.text if line.result else "")
            self._found.extend(line.findings)
            if line.result is not None:
                backends.update(dict.fromkeys(line.result.backend.split("+")))
                fallbacks.update(dict.fromkeys(line.result.fallbacks))
        return {
            "phones": "\n".join(phones),
            "backend": "+".join(backends),
            "fallbacks": [asdict(fallback) for fallback in fallbacks],
        }

    def lines(self) -> Iterable[str]:
        """Yield the phones.

        Raises
        ------
        TextError
            After the last line, if none has anything to speak.
        """
        said: set[str] = set()
        for line in self.read:
            tell(line, self.progress)
            for fallback in line.result.fallbacks if line.result else ():
                # Once for each backend: a stream may pass it over at every word.
                if fallback.backend not in said:
                    said.add(fallback.backend)
                    self.progress.say(f"{fallback.backend} was skipped: {fallback.reason}")
            yield line.result.text if line.result else ""


def run(request: PhonemizeTextRequest, progress: Progress) -> PhonemizeTextReport:
    """Convert a text to phones, line by line as the report is read.

    A named backend is tried alone; ``auto`` tries those of the configuration in their order.

    Raises
    ------
    TextError
        If a lexicon cannot be read.
    MissingExtra
        If a backend is not on this machine.
    """
    alone = () if request.backend == AUTO else (request.backend,)
    flags = {"paths.lexicons": request.lexicons, "text.backends": alone}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    frontend = open_frontend(config)
    return PhonemizeTextReport(
        read_lines(request.text, frontend, lambda spoken: frontend.phones(spoken.text)), progress
    )
