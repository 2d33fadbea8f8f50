"""What a voice reads a text as: rules, words, phones, and what it leaves out; for people who correct words."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from amhctl.core.errors import TextError
from amhctl.core.findings import Finding
from amhctl.inference.voice import Voice
from amhctl.service.told import told_of
from amhctl.text.lines import Line
from amhctl.text.passage import Passage
from amhctl.text.spoken import TraceEntry
from amhctl.text.unspoken import find_unspoken


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text is read.

    Attributes
    ----------
    spoken : str
        What is said, in fidel.
    words : tuple[tuple[str, tuple[str, ...]], ...]
        Each word of it, or mark, and its phones.
    changes : tuple[TraceEntry, ...]
        What the rules changed; spans count characters of the written text, of SSML those outside of its markup.
    unspoken : tuple[str, ...]
        Stretches of the written text that nothing is said for.
    findings : tuple[Finding, ...]
        What of its markup is not understood.
    """

    spoken: str
    words: tuple[tuple[str, tuple[str, ...]], ...]
    changes: tuple[TraceEntry, ...]
    unspoken: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "spoken": self.spoken,
            "words": [{"spoken": word, "phones": list(phones)} for word, phones in self.words],
            "changes": [asdict(change) for change in self.changes],
            "unspoken": list(self.unspoken),
            "findings": [told_of(finding) for finding in self.findings],
        }


def read_text(voice: Voice[Any], passage: Passage) -> Reading:
    """Return how a voice reads a text, its lines one after another.

    Raises
    ------
    TextError
        If nothing in it can be spoken.
    """
    readings = []
    refused: TextError | None = None
    before = 0
    for line in passage.lines():
        try:
            readings.append(_read_line(voice, line, max(before, line.offset)))
        except TextError as error:
            refused = refused or error
            shown = (line.text.strip(),) if line.text.strip() else ()
            readings.append(Reading("", (), (), shown, line.findings))
        before += len(line.text)
    if refused is not None and not any(reading.words for reading in readings):
        raise refused
    return Reading(
        spoken=" ".join(reading.spoken for reading in readings if reading.spoken),
        words=tuple(word for reading in readings for word in reading.words),
        changes=tuple(change for reading in readings for change in reading.changes),
        unspoken=tuple(stretch for reading in readings for stretch in reading.unspoken),
        findings=tuple(finding for reading in readings for finding in reading.findings),
    )


def _read_line(voice: Voice[Any], line: Line, offset: int) -> Reading:
    spoken = voice.frontend.normalize(line.text)
    phones = voice.frontend.phones(spoken.text)
    return Reading(
        spoken=spoken.text,
        words=tuple(zip(spoken.words, phones.words, strict=True)),
        changes=tuple(replace(each, start=each.start + offset, end=each.end + offset) for each in spoken.trace),
        unspoken=tuple(stretch.text for stretch in find_unspoken(spoken)),
        findings=line.findings,
    )
