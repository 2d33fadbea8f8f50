"""What ``amhctl speak`` returns: what was said, when, into which files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.findings import Finding
from amhctl.core.report import Report
from amhctl.core.units import Precision, Seconds
from amhctl.inference.captions import describe_segment
from amhctl.inference.speech import SpokenSegment


@dataclass(frozen=True, slots=True)
class SpeakReport(Report):
    """What was spoken, and how long it took."""

    output: Path | None
    player: str | None
    """What it was played by."""
    seconds: Seconds
    realtime_factor: float
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]
    raw: bytes | None
    aside: tuple[Finding, ...] = ()
    """Those of the findings that are about what was given, not about what was made of it."""
    chapters: tuple[tuple[str, Seconds], ...] = ()
    """Titles of chapters, and when each begins."""
    files: tuple[Path, ...] = ()
    """Files of the chapters, where each has its own."""
    subtitles: Path | None = None
    resumed: int = 0
    """Segments that an earlier process had spoken."""
    precision: Precision = "fp32"
    """In what the voice multiplied."""
    recogniser: str | None = None
    """What checked each segment, if anything did."""

    def payload(self) -> dict[str, object]:
        """Return length, speed, segments and checks."""
        return {
            "output": self._place,
            "played_by": self.player,
            "seconds": round(self.seconds, 3),
            "realtime_factor": round(self.realtime_factor, 4),
            "segments": [
                {
                    "text": segment.text,
                    "start": round(segment.start, 3),
                    "seconds": round(segment.seconds, 3),
                    "pause": round(segment.pause, 3),
                    "syllables": segment.syllables,
                    "written": segment.written,
                    "words": describe_segment(segment)["words"],
                    "marks": describe_segment(segment)["marks"],
                }
                for segment in self.segments
            ],
            "checks": {
                "stopped": all(segment.stopped for segment in self.segments),
                "attempts": [segment.attempts for segment in self.segments],
                "recogniser": self.recogniser,
            },
            "chapters": [{"title": title, "start": round(start, 3)} for title, start in self.chapters],
            "files": [str(path) for path in self.files],
            "subtitles": None if self.subtitles is None else str(self.subtitles),
            "resumed": self.resumed,
            "precision": self.precision,
            "batch": None,
        }

    @property
    def _place(self) -> str | None:
        if self.output is not None:
            return str(self.output)
        return None if self.raw is None else "-"

    def lines(self) -> Iterable[str]:
        """Return one line: where, how long, how fast; and one for each further result."""
        if self.raw is not None:
            return
        plural = "segment" if len(self.segments) == 1 else "segments"
        yield (
            f"{self.output or self.player}: {self.seconds:.2f} s, {len(self.segments)} {plural}, "
            f"real-time factor {self.realtime_factor:.2f}" + ("" if self.precision == "fp32" else f", {self.precision}")
        )
        if self.chapters:
            yield f"chapters: {len(self.chapters)}"
        if self.resumed:
            yield f"resumed: {self.resumed} segments had been spoken before"
        if self.subtitles is not None:
            yield f"{self.subtitles}: subtitles"


@dataclass(frozen=True, slots=True)
class StreamReport(Report):
    """Speech that is made while it is written to standard output."""

    raw: Iterator[bytes]
    found: list[Finding]
    """Findings; those of what is spoken come while it is."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found up to now."""
        return tuple(self.found)

    def payload(self) -> dict[str, object]:
        """Return nothing: standard output has the speech."""
        return {}

    def lines(self) -> Iterable[str]:
        """Return nothing: standard output has the speech."""
        return ()
