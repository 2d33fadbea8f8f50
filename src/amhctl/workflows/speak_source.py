"""What ``amhctl speak`` is to say: a text, a file or a stream as lines, read as far as they are needed."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from amhctl.core.documents import read_limited
from amhctl.core.errors import DocumentError, TextError
from amhctl.text.lines import Chapters, Line, read_lines
from amhctl.text.passage import Passage, empty_text, kind_of, passage_of, pieces_of, read_passage
from amhctl.text.subtitles import Cue, parse_subtitles
from amhctl.workflows.speak_request import InputFormat, SpeakRequest

_FORMATS: dict[str, InputFormat] = {
    ".ssml": "ssml",
    ".srt": "srt",
    ".vtt": "vtt",
    ".epub": "epub",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_HEAD = 200
# Documents that are read as a whole before they are spoken.
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be said.

    Attributes
    ----------
    lines : Callable[[], Iterator[Line]]
        Its lines; those of a stream can be had once.
    cues : tuple[Cue, ...] | None
        Subtitles, which are spoken at their times, in place of lines.
    head : str
        How it begins.
    characters : int | None
        How long it is; None where only its end tells.
    can_resume : bool
        Whether it can be read again.
    """

    lines: Callable[[], Iterator[Line]]
    cues: tuple[Cue, ...] | None
    head: str
    characters: int | None
    can_resume: bool


def open_source(request: SpeakRequest) -> Source:
    """Return what is to be said.

    Raises
    ------
    TextError
        If it is empty, or its file cannot be read or is not what its suffix says.
    """
    chosen = choose_input(request)
    if chosen == "epub":
        if request.file is None:
            raise TextError("a book is read from a file", subject="text", hint="give it by --file")
        with _explained(request.file):
            read_epub = importlib.import_module("amhctl.text.books").read_epub
            lines = tuple(read_epub(request.file, every=request.chapters == "paragraphs"))
            return _of_passage(passage_of(lines), can_resume=True)
    if chosen == "text":
        return _open_text(request)
    content = _read_whole(request)
    subject = "text" if request.file is None else str(request.file)
    if chosen in ("srt", "vtt"):
        cues = parse_subtitles(content, subject)
        length = sum(len(cue.text) for cue in cues)
        return Source(lambda: iter(()), cues, cues[0].text, length, request.file is not None)
    if chosen == "html":
        # Loaded for those who need it: a parser of XML is more than a sentence waits for.
        read_html = importlib.import_module("amhctl.text.books").read_html
        passage = passage_of(tuple(read_html(content, every=request.chapters == "paragraphs")))
    else:
        passage = read_passage(content, "ssml", subject=subject)
    return _of_passage(passage, can_resume=request.file is not None)


def choose_input(request: SpeakRequest) -> InputFormat:
    """Return the kind of text: as asked for, else as the suffix of its file says, or as an argument begins."""
    if request.input_format is not None:
        return request.input_format
    if request.file is None:
        return kind_of(request.text or "")
    return _FORMATS.get(request.file.suffix.lower(), "text")


def _of_passage(passage: Passage, *, can_resume: bool) -> Source:
    return Source(passage.lines, None, passage.head, passage.characters, can_resume)


def _open_text(request: SpeakRequest) -> Source:
    chapters = request.chapters
    if request.file is not None and request.file.exists() and not (request.file.is_file() or request.file.is_dir()):
        # A pipe can be read once: <(command) and /dev/stdin.
        return _open_pieces(_read_pieces(request.file), request)
    if request.file is not None:
        file = request.file
        head, characters = _survey(file)
        if not head.strip():
            raise empty_text(str(file))
        return Source(lambda: _read_file(file, chapters), None, head, characters, can_resume=True)
    if request.stream is not None:
        return _open_pieces(pieces_of(request.stream), request)
    return _of_passage(read_passage(request.text or "", "text", chapters=chapters), can_resume=False)


def _open_pieces(pieces: Iterator[str], request: SpeakRequest) -> Source:
    """Return a text that can be read once; one that begins as SSML does is read as a whole, as an argument is."""
    # Blank lines at the beginning are no text.
    first = next((piece for piece in pieces if piece.strip()), "")
    if not first:
        raise empty_text("text")
    if request.input_format is None:
        if first.lstrip("\ufeff \t").startswith("<?xml") and first.rstrip().endswith("?>"):
            # What the document is stands in the next line.
            first += next(pieces, "")
        if kind_of(first) == "ssml":
            return _of_passage(read_passage(_limited(chain((first,), pieces)), "ssml"), can_resume=False)
    chapters = request.chapters
    return Source(lambda: read_lines(chain((first,), pieces), chapters), None, first[:_HEAD], None, can_resume=False)


def _survey(file: Path) -> tuple[str, int]:
    """Return how a text file begins and how many characters it has, reading it through once."""
    head, count = "", 0
    with _explained(file), file.open(encoding="utf-8-sig") as stream:
        while piece := stream.read(1 << 20):
            if not head.strip():
                head = piece.lstrip()[:_HEAD]
            count += len(piece)
    return head, count


def _read_file(file: Path, chapters: Chapters | None) -> Iterator[Line]:
    return read_lines(_read_pieces(file), chapters)


def _read_pieces(file: Path) -> Iterator[str]:
    with _explained(file), file.open(encoding="utf-8-sig") as stream:
        yield from pieces_of(stream)


def _read_whole(request: SpeakRequest) -> str:
    if request.file is not None:
        with _explained(request.file):
            content = read_limited(request.file, most_bytes=_MOST_BYTES).decode("utf-8-sig")
    else:
        content = _limited(iter((request.text or "",)) if request.stream is None else pieces_of(request.stream))
    if not content.strip():
        raise empty_text("text" if request.file is None else str(request.file))
    return content


def _limited(pieces: Iterator[str]) -> str:
    """Return what is read as a whole before it is spoken."""
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > _MOST_BYTES:
            raise TextError(f"the text is longer than {_MOST_BYTES >> 20} MiB", subject="text", hint="divide it")
    return "".join(parts)


class _explained:
    """Say of a text file what is wrong with it."""

    def __init__(self, file: Path) -> None:
        self._file = str(file)

    def __enter__(self) -> None:
        """Begin to read."""

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        """Explain what went wrong.

        Raises
        ------
        TextError
            If the file cannot be read as text.
        """
        if isinstance(fault, FileNotFoundError):
            raise TextError("the text file does not exist", subject=self._file, hint="check the path") from None
        if isinstance(fault, IsADirectoryError):
            raise TextError("the path is a folder", subject=self._file, hint="give a text file") from None
        if isinstance(fault, DocumentError):
            raise TextError(f"the text file is {fault.message}", subject=self._file) from fault
        if isinstance(fault, UnicodeDecodeError):
            raise TextError(
                f"the file is not UTF-8 at byte {fault.start}", subject=self._file, hint="save it as UTF-8"
            ) from fault
