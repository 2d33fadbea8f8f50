"""A text as somebody gives it, plain or as SSML: its lines, and how it begins. Knows no file and no voice."""

import importlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO

from amhctl.core.errors import TextError
from amhctl.text.lines import Chapters, Line, read_lines

Kind = Literal["text", "ssml"]
_SSML = re.compile(r"\ufeff?\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<speak[\s/>]")
_HEAD = 200
# So much of a line is read at once.
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that is to be said.

    Attributes
    ----------
    lines : Callable[[], Iterator[Line]]
        Its lines, as often as they are asked for.
    head : str
        How it begins, without markup.
    characters : int
        How long it is; of SSML, without markup.
    """

    lines: Callable[[], Iterator[Line]]
    head: str
    characters: int


def kind_of(content: str) -> Kind:
    """Return what a text is: SSML begins with ``<speak``, after an XML declaration or not."""
    return "ssml" if _SSML.match(content) else "text"


def read_passage(
    content: str, kind: Kind | None = None, *, chapters: Chapters | None = None, subject: str = "text"
) -> Passage:
    """Return a text that is to be said.

    Parameters
    ----------
    content : str
        The text.
    kind : Kind | None
        What it is; None for what it begins like.
    chapters : Chapters | None
        What begins a chapter of a plain text.
    subject : str
        What the text is called in findings.

    Raises
    ------
    TextError
        If it is empty, or SSML that cannot be read.
    """
    if not content.strip():
        raise empty_text(subject)
    if (kind or kind_of(content)) == "ssml":
        # Loaded for those who need it: a parser of XML is more than a sentence waits for.
        parse_ssml: Callable[[str, str], tuple[Line, ...]] = importlib.import_module("amhctl.text.ssml").parse_ssml
        return passage_of(parse_ssml(content.removeprefix("\ufeff"), subject), subject)
    return Passage(
        lambda: read_lines(pieces_of(io.StringIO(content, newline="\n")), chapters), content[:_HEAD], len(content)
    )


def passage_of(lines: tuple[Line, ...], subject: str = "text") -> Passage:
    """Return lines as a text that is to be said.

    Raises
    ------
    TextError
        If there is nothing in them.
    """
    if not any(line.text.strip() for line in lines):
        raise empty_text(subject)
    head = " ".join(line.text for line in lines[:10])[:_HEAD]
    return Passage(lambda: iter(lines), head, sum(len(line.text) for line in lines))


def pieces_of(stream: TextIO) -> Iterator[str]:
    """Yield lines, the longest in pieces; nothing is read before it is asked for."""
    while piece := stream.readline(_PIECE):
        yield piece


def empty_text(subject: str) -> TextError:
    """Return the error of a text that has nothing in it."""
    return TextError("the text is empty", subject=subject, hint="give at least one word in Ethiopic script")
