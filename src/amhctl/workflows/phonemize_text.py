"""``text phones``: spoken text to phones, line by line. Written text is normalised first."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.text.spoken import Fallback
from amhctl.workflows.normalize_text import normalize_line, numbered_lines
from amhctl.workflows.reading import open_frontend

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class PhonemizeTextRequest:
    """The text and the backend; ``auto`` is the chain of the configuration."""

    text: str
    backend: str = AUTO
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class PhonemizeTextReport:
    """Phones, a line for each written line, and the backends that made them."""

    phones: tuple[str, ...]
    backend: str
    fallbacks: tuple[Fallback, ...]

    @property
    def ok(self) -> bool:
        """True: a word without phones is an error."""
        return True

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Nothing is inspected."""
        return ()

    def payload(self) -> dict[str, object]:
        """Return the phones, the backends used and those passed over."""
        fallbacks = [asdict(fallback) for fallback in self.fallbacks]
        return {"phones": "\n".join(self.phones), "backend": self.backend, "fallbacks": fallbacks}

    def lines(self) -> Iterable[str]:
        """Return the phones."""
        return self.phones


def run(request: PhonemizeTextRequest, progress: Progress) -> PhonemizeTextReport:
    """Convert a text to phones.

    A named backend is tried alone; ``auto`` tries those of the configuration in their order.

    Raises
    ------
    TextError
        If a line has nothing to speak, or no backend has phones for a word.
    """
    alone = () if request.backend == AUTO else (request.backend,)
    flags = {"paths.lexicons": request.lexicons, "text.backends": alone}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    frontend = open_frontend(config)
    phones: list[str] = []
    backends: dict[str, None] = {}
    fallbacks: dict[Fallback, None] = {}
    for number, _, line in numbered_lines(request.text):
        if not line:
            phones.append("")
            continue
        found = frontend.phones(normalize_line(frontend, line, number).text)
        phones.append(found.text)
        backends.update(dict.fromkeys(found.backend.split("+")))
        fallbacks.update(dict.fromkeys(found.fallbacks))
    if not any(phones):
        frontend.normalize(request.text)
    for fallback in fallbacks:
        progress.say(f"{fallback.backend} was passed over: {fallback.reason}")
    return PhonemizeTextReport(tuple(phones), "+".join(backends), tuple(fallbacks))
