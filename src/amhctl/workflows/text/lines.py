"""Reading a text line by line, for the commands that write one line for each line: ``text normalize``, ``text phones``.

A line ends at a line feed and nowhere else. Each is read when it is asked for, so that a stream of any length
needs the memory of one line, and what is read can be written at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from amhctl.core.errors import TextError
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.text.frontend import Frontend
from amhctl.text.spoken import SpokenText
from amhctl.text.unspoken import RULES as UNSPOKEN_RULES
from amhctl.text.unspoken import report_unspoken

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadLine(Generic[T]):
    """One line of a text and what it was read as.

    Attributes
    ----------
    start : int
        Where the line begins in the whole text, in characters.
    written : str
        The line with its end.
    result : T | None
        What it was read as; None for a blank line and one with nothing to speak.
    findings : tuple[Finding, ...]
        What of it is not spoken.
    """

    start: int
    written: str
    result: T | None
    findings: tuple[Finding, ...]


def read_lines(lines: Iterable[str], frontend: Frontend, make: Callable[[SpokenText], T]) -> Iterator[ReadLine[T]]:
    """Yield what each line is read as, one for each line.

    Parameters
    ----------
    lines : Iterable[str]
        Lines with their ends.
    frontend : Frontend
        What reads them.
    make : Callable[[SpokenText], T]
        Makes the result of a line from what is said for it.

    Raises
    ------
    TextError
        After the last line, if not one had anything to speak.
    """
    start = spoken_lines = 0
    first = ""
    for number, line in enumerate(lines, start=1):
        result: T | None = None
        findings: tuple[Finding, ...] = ()
        if line.strip():
            first = first or line.strip()
            try:
                spoken = frontend.normalize(line.removesuffix("\n"))
                result, findings = make(spoken), report_unspoken(spoken, f"line {number}")
                spoken_lines += 1
            except TextError as error:
                findings = (UNSPOKEN_RULES.finding("T001", f"line {number}", str(error), error.hint),)
        yield ReadLine(start, line, result, findings)
        start += len(line)
    if not spoken_lines:
        frontend.normalize(first)
        raise TextError("no line of the text could be read", hint="the messages above say why for each line")


def tell(line: ReadLine[T], progress: Progress) -> None:
    """Say at once what is not spoken of a line: it belongs beside the lines, not among them."""
    for finding in line.findings:
        progress.say(f"{finding.severity.value}  {finding.code}  {finding.subject}: {finding.message}")
