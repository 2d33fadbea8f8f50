"""What is piped into a command: UTF-8 text, whatever the locale says. Knows no command."""

import sys
from collections.abc import Iterator
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import TextIO

from amhctl.core.errors import AmhctlError

STANDARD_INPUT = "-"
"""What stands for the standard input where a text or a file is asked for."""


def read_text(text: str) -> str:
    """Return a text given as an argument, or what is piped in where ``-`` stands for it.

    Raises
    ------
    AmhctlError
        If the standard input is wanted and closed.
    """
    return open_standard_input().read() if text == STANDARD_INPUT else text


def read_lines(text: str) -> Iterator[str]:
    """Return the lines of a text, or of what is piped in where ``-`` stands for it; each is read when it is asked for.

    A line ends at a line feed alone and keeps that end: other characters that break lines in print do not end it.

    Raises
    ------
    AmhctlError
        If the standard input is wanted and closed.
    """
    return iter(open_standard_input() if text == STANDARD_INPUT else StringIO(text, newline="\n"))


def open_files(paths: list[Path]) -> tuple[tuple[Path, ...], TextIO | None]:
    """Return the files of an argument, and the standard input if ``-`` is among them.

    Raises
    ------
    AmhctlError
        If the standard input is wanted and closed.
    """
    files = tuple(path for path in paths if str(path) != STANDARD_INPUT)
    return files, open_standard_input() if len(files) < len(paths) else None


def open_standard_input() -> TextIO:
    """Return the standard input, read as UTF-8 and in no other way.

    The locale of the terminal says nothing of a file: in one of Latin-1 a text would be read as other letters, in the
    plain one of containers bytes that are no text would be passed on.

    Raises
    ------
    AmhctlError
        If the process was started with its standard input closed.
    """
    stream = sys.stdin
    if stream is None:
        raise AmhctlError(
            "the standard input is closed", subject="-", hint="pipe the text in, or give it as an argument or a file"
        )
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors="strict", newline="\n")
    return stream
