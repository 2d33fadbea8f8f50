"""Lines: a text of any length as it is read, a paragraph at a time, and how each is to be said. Knows no voice.

A blank line ends a paragraph; a very long one is cut after a sentence. With headings, a line that begins with ``#``
begins a chapter. ``[pause:1.5s]`` is silence, in seconds or with ``ms`` in milliseconds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import Seconds

RULES = Rules(
    Rule(
        "T004",
        Severity.WARNING,
        "markup is not understood",
        "Markup in the text, such as an SSML element or a pause, is unknown, incomplete or outside its range. It is "
        "left out and never spoken; the text in and around it is spoken.",
    ),
)
LONGEST_SILENCE = 60.0
"""Seconds of one pause."""
Chapters = Literal["headings", "paragraphs"]

_LONGEST = 2_000
_LONGEST_MARKUP = 60
_PAUSE = re.compile(r"\[pause:([^\[\]\n]{0,40})\]", re.IGNORECASE)
_SILENCE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s*(ms|s)?\s*")
_SENTENCE_END = re.compile(r"(?:[።፧!?]|::|፡፡)[\"»”’)]*\s+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a line is said, beside how all is said.

    Attributes
    ----------
    voice : str
        Who speaks: a speaker or voice; empty for the one that speaks otherwise.
    speed : float
        Times the usual speed.
    pitch : float
        Semitones higher.
    volume : float
        Decibels louder.
    """

    voice: str = ""
    speed: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of text that is said in one manner.

    Attributes
    ----------
    text : str
        Written text; empty for silence at the end.
    before : Seconds | None
        Silence before it, in place of the usual pause.
    paragraph : bool
        Whether it begins a paragraph.
    chapter : str | None
        Title of the chapter that it begins.
    manner : Manner
        How it is said.
    shifts : tuple[tuple[int, Manner], ...]
        From which character of the text on it is said how, where that changes in it, from character 0 on; all have the
        voice of ``manner``.
    marks : tuple[tuple[int, str], ...]
        Characters of the text at which a mark stands, and the name of each.
    subject : str
        What the text is called in findings.
    offset : int
        Where it begins in what the user wrote, in characters.
    findings : tuple[Finding, ...]
        What was found in it while it was read.
    """

    text: str
    before: Seconds | None = None
    paragraph: bool = False
    chapter: str | None = None
    manner: Manner = Manner()
    marks: tuple[tuple[int, str], ...] = ()
    subject: str = "text"
    offset: int = 0
    findings: tuple[Finding, ...] = ()
    shifts: tuple[tuple[int, Manner], ...] = ()


def split_line(line: Line) -> Iterator[Line]:
    """Yield a line in parts that are said in one manner each."""
    ends = [start for start, _ in line.shifts[1:]] + [len(line.text)]
    is_first = True
    for (start, manner), end in zip(line.shifts, ends, strict=True):
        text = line.text[start:end]
        if not text.strip():
            continue
        marks = tuple((place - start, name) for place, name in line.marks if start <= place < end)
        part = replace(line, text=text, manner=manner, marks=marks, offset=line.offset + start, shifts=())
        yield part if is_first else replace(part, before=None, paragraph=False, chapter=None, findings=())
        is_first = False


def parse_silence(written: str) -> Seconds | None:
    """Return seconds of silence, written such as ``1.5s``, ``300ms`` or ``2``; None if it is none up to a minute."""
    match = _SILENCE.fullmatch(written)
    if match is None:
        return None
    seconds = float(match[1]) / (1000.0 if match[2] == "ms" else 1.0)
    return Seconds(seconds) if seconds <= LONGEST_SILENCE else None


def read_lines(pieces: Iterable[str], chapters: Chapters | None = None) -> Iterator[Line]:
    """Yield the paragraphs of a text, each as soon as its end is known.

    Parameters
    ----------
    pieces : Iterable[str]
        The text in pieces that end with a line or in the middle of a very long one.
    chapters : Chapters | None
        What begins a chapter: lines that begin with ``#``, or every paragraph.
    """
    held, offset = "", 0
    starts_line = begins = True
    for piece in pieces:
        is_blank = starts_line and not piece.strip()
        is_heading = chapters == "headings" and starts_line and piece.lstrip().startswith("#")
        starts_line = piece.endswith("\n")
        if is_blank or is_heading:
            yield from _read_paragraph(held, offset, chapters, begins=begins)
            offset += len(held)
            held, begins = "", True
        if is_heading:
            yield from _read_heading(piece, offset)
        if is_blank or is_heading:
            offset += len(piece)
            continue
        held += piece
        while len(held) > _LONGEST:
            cut = _find_cut(held)
            yield from _read_paragraph(held[:cut], offset, chapters, begins=begins)
            held, offset, begins = held[cut:], offset + cut, False
    yield from _read_paragraph(held, offset, chapters, begins=begins)


def split_pieces(text: str) -> Iterator[str]:
    """Yield the lines of a text with their ends."""
    return iter(text.splitlines(keepends=True))


def _read_heading(piece: str, offset: int) -> Iterator[Line]:
    marks = len(piece) - len(piece.lstrip().lstrip("#").lstrip())
    title = piece[marks:].rstrip()
    for number, line in enumerate(_read_pauses(title, offset + marks)):
        yield replace(line, paragraph=line.paragraph or number == 0, chapter=title if number == 0 else None)


def _read_paragraph(text: str, offset: int, chapters: Chapters | None, *, begins: bool) -> Iterator[Line]:
    start = len(text) - len(text.lstrip())
    for number, line in enumerate(_read_pauses(text.strip(), offset + start)):
        title = " ".join(line.text.split())[:60] if chapters == "paragraphs" and begins and number == 0 else None
        yield replace(line, paragraph=begins and number == 0, chapter=title)


def _read_pauses(text: str, offset: int) -> Iterator[Line]:
    """Yield what is between the pauses of a paragraph, the silence of each before what follows it."""
    before: Seconds | None = None
    findings: tuple[Finding, ...] = ()
    done = 0
    for match in _PAUSE.finditer(text):
        said = text[done : match.start()]
        silence = parse_silence(match[1])
        if said.strip():
            if silence is None:
                # One stretch: a pause that is none does not cut a sentence.
                text = f"{text[: match.start()]}{' ' * len(match.group())}{text[match.end() :]}"
                findings += (_not_understood(match.group(), offset + match.start()),)
                continue
            yield Line(said, before, offset=offset + done, findings=findings)
            before, findings = None, ()
        done = match.end()
        if silence is None:
            findings += (_not_understood(match.group(), offset + match.start()),)
        else:
            before = Seconds((before or 0.0) + silence)
    if text[done:].strip() or before is not None or findings:
        yield Line(text[done:] if text[done:].strip() else "", before, offset=offset + done, findings=findings)


def _not_understood(written: str, place: int) -> Finding:
    return RULES.finding(
        "T004",
        f"text, character {place + 1}",
        f"{written!r} is no pause",
        f"write it like [pause:1.5s] or [pause:300ms], up to {LONGEST_SILENCE:g} s",
    )


def _find_cut(text: str) -> int:
    """Return where to cut a paragraph that is too long: after a sentence, else between words, never in markup."""
    found = (
        match.end() for pattern in (_SENTENCE_END, _SPACE) for match in reversed([*pattern.finditer(text, 0, _LONGEST)])
    )
    cut = next(found, _LONGEST)
    opened = text.rfind("[", max(1, cut - _LONGEST_MARKUP), cut)
    return cut if opened < 0 or "]" in text[opened:cut] else opened
