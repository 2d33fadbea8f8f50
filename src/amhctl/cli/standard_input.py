"""What is piped into a command: UTF-8 text, whatever the locale says. Knows no command."""

import sys
from io import TextIOWrapper
from typing import TextIO

from amhctl.core.errors import AmhctlError


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
        stream.reconfigure(encoding="utf-8-sig", errors="strict")
    return stream
