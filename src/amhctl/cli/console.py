"""The two streams of a command: data on standard output, talk on standard error. The only file that writes to them."""

import os
import sys
from typing import TextIO


class Console:
    """Speaks to the terminal, or to whatever stands in its place.

    Parameters
    ----------
    json : bool
        Standard output belongs to one JSON object; talk goes on.
    quiet : bool
        No talk.
    verbose : int
        How much talk.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: int = 0) -> None:
        self.json = json
        self.quiet = quiet
        self.verbose = verbose

    @property
    def shows_bars(self) -> bool:
        """Whether standard error is a terminal on which a bar can move."""
        return not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def data(self, line: str) -> None:
        """Write a line of data."""
        _write(sys.stdout, line)

    def raw(self, content: bytes) -> None:
        """Write bytes of data."""
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def talk(self, line: str) -> None:
        """Write a line for people, unless quiet."""
        if not self.quiet:
            _write(sys.stderr, line)

    def complain(self, line: str) -> None:
        """Write a line about an error, quiet or not."""
        _write(sys.stderr, line)


def _write(stream: TextIO, line: str) -> None:
    # A terminal of another encoding must not turn a message into a crash.
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()
