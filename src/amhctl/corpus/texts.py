"""A text corpus: written lines from files, read once by the frontend and kept as strings of units. Knows no ids.

A corpus is any number of files: plain UTF-8 text, one line a sentence or paragraph, also as ``.gz``, ``.xz`` or
``.bz2``; or a manifest (``.jsonl``), whose texts are its lines. Files are streamed; the strings of units are in a
temporary file, since reading written text costs far more than reading a file.
"""

import lzma
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from amhctl.core.errors import DatasetError, TextError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.corpus.compressed import numbered_lines, open_text
from amhctl.corpus.records import read_records

RULES = Rules(
    Rule(
        "V001",
        Severity.WARNING,
        "line has no speakable text",
        "The text frontend finds nothing speakable in a line of the corpus; the line is skipped.",
    ),
)

_SHOWN_FINDINGS = 100


class UnitMaker(Protocol):
    """Makes strings of units from written text; ``text.Frontend`` is one."""

    def units(self, written: str) -> str:
        """Return the string of units of a written line."""
        ...


@dataclass(frozen=True, slots=True)
class CorpusLine:
    """A written line that is not blank, and where it stands: ``file:line``."""

    text: str
    subject: str


class UnitCorpus:
    """Strings of units that can be read again and again, one reading at a time, and where each comes from."""

    def __init__(self, stream: BinaryIO, unspeakable: tuple[Finding, ...], left_out: int) -> None:
        self._stream = stream
        self.unspeakable = unspeakable
        self.left_out = left_out

    def lines(self) -> Iterator[str]:
        """Yield every string of units from the start."""
        for _, units in self._entries():
            yield units

    def subject(self, number: int) -> str:
        """Return where the line of a number, counted from 1, comes from."""
        for place, (subject, _) in enumerate(self._entries(), start=1):
            if place == number:
                return subject
        raise IndexError(number)

    def _entries(self) -> Iterator[tuple[str, str]]:
        self._stream.seek(0)
        for raw in self._stream:
            # Units hold no tab; a path may.
            units, _, subject = raw.decode("utf-8").rstrip("\n").partition("\t")
            yield subject, units


@contextmanager
def open_corpus(
    paths: Iterable[Path], frontend: UnitMaker, progress: Progress, *, standard_input: Iterable[str] | None = None
) -> Iterator[UnitCorpus]:
    """Read a corpus through the frontend; the strings live as long as the block.

    Raises
    ------
    DatasetError
        If a file is missing, damaged or not UTF-8, or no line can be spoken.
    """
    findings: list[Finding] = []
    left_out = kept = 0
    with tempfile.TemporaryFile() as stream:
        progress.start("reading text", None, "line")
        for line in read_lines(paths, standard_input=standard_input):
            progress.advance()
            try:
                units = frontend.units(line.text)
            except TextError as error:
                left_out += 1
                if len(findings) < _SHOWN_FINDINGS:
                    findings.append(RULES.finding("V001", line.subject, error.message, error.hint))
                continue
            kept += 1
            # A path may hold line breaks, and bytes that are no text.
            subject = " ".join(line.subject.splitlines())
            stream.write(f"{units}\t".encode() + subject.encode("utf-8", "backslashreplace") + b"\n")
        progress.finish()
        if not kept:
            raise DatasetError(
                "no line of the corpus has speakable text" if left_out else "the corpus has no text",
                subject=", ".join(map(str, paths)) or "standard input",
                hint="give files of written Amharic",
            )
        if left_out > len(findings):
            rest = f"{left_out - len(findings)} more lines have no speakable text"
            findings.append(RULES.finding("V001", "corpus", rest))
        yield UnitCorpus(cast("BinaryIO", stream), tuple(findings), left_out)


def read_lines(paths: Iterable[Path], *, standard_input: Iterable[str] | None = None) -> Iterator[CorpusLine]:
    """Yield the lines of files that are not blank, then those of the standard input.

    Raises
    ------
    DatasetError
        If a file is missing, damaged or not UTF-8.
    """
    for path in paths:
        if path.suffix == ".jsonl":
            yield from (CorpusLine(record.text, f"{path}:{record.id}") for record in read_records(path))
        else:
            yield from _read_text(path)
    try:
        for number, line in enumerate(standard_input or (), start=1):
            if line.strip():
                yield CorpusLine(line.strip(), f"standard input:{number}")
    except UnicodeDecodeError as error:
        raise DatasetError(
            "the text is not UTF-8", subject="standard input", hint="convert it, for example with iconv"
        ) from error


def _read_text(path: Path) -> Iterator[CorpusLine]:
    number = 0
    try:
        with open_text(path) as stream:
            for number, raw in numbered_lines(stream, str(path)):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                if text:
                    yield CorpusLine(text, f"{path}:{number}")
    except UnicodeDecodeError as error:
        raise DatasetError(
            "the line is not UTF-8", subject=f"{path}:{number}", hint="convert the file, for example with iconv"
        ) from error
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DatasetError(
            f"the corpus cannot be read: {reason}", subject=str(path), hint="give a text file or a manifest"
        ) from error
