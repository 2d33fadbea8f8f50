"""``text split``: written text to breath groups of spoken text."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.text.spoken import Segment
from amhctl.workflows.reading import open_frontend


@dataclass(frozen=True, slots=True)
class SplitTextRequest:
    """The text and where its options come from."""

    text: str
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class SplitTextReport(PlainReport):
    """The breath groups in order."""

    segments: tuple[Segment, ...]

    def payload(self) -> dict[str, object]:
        """Return the groups: spoken text and the seconds of silence after each."""
        return {"segments": [asdict(segment) for segment in self.segments]}

    def lines(self) -> Iterable[str]:
        """Return a line for each group."""
        return (segment.text for segment in self.segments)


def run(request: SplitTextRequest, progress: Progress) -> SplitTextReport:
    """Split a text into breath groups.

    Raises
    ------
    TextError
        If nothing in it can be spoken.
    """
    flags = {"paths.lexicons": request.lexicons}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    return SplitTextReport(open_frontend(config).split(request.text))
