"""The two streams of a command: data on standard output, talk on standard error. The only file that writes to them."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


class Console:
    """Speaks to the terminal, or to whatever is in its place.

    Parameters
    ----------
    json : bool
        Standard output belongs to one JSON object; talk continues.
    quiet : bool
        No talk.
    verbose : int
        How much talk.
    follows : bool
        Another process writes the data of both.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: int = 0, follows: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self.has_reader = not follows

    @property
    def shows_bars(self) -> bool:
        """Whether standard error is a terminal on which a bar can move."""
        return not self.quiet and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def data(self, line: str) -> None:
        """Write a line of data."""
        if self.has_reader:
            _write(sys.stdout, line)

    def document(self, values: Mapping[str, object]) -> None:
        """Write one JSON object in one line; what the encoding of the stream cannot hold is escaped as JSON does it."""
        text = json.dumps(values, ensure_ascii=False)
        try:
            text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            text = json.dumps(values)
        self.data(text)

    def raw(self, content: bytes) -> None:
        """Write bytes of data."""
        if self.has_reader and sys.stdout is not None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()

    def abandon_data(self) -> None:
        """Let what is still buffered go nowhere, so that the interpreter has nothing to complain about when it ends."""
        self.has_reader = False
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            # A stream without a file after it has no buffer of the system to flush.
            return

    def talk(self, line: str) -> None:
        """Write a line for people, unless quiet."""
        if not self.quiet:
            self.complain(line)

    @contextmanager
    def hush(self) -> Iterator[None]:
        """Keep what libraries say off standard error, if quiet: Python's warnings, and what C code writes itself."""
        if not self.quiet:
            yield
            return
        spoken = sys.stderr
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, _redirect(2, nowhere.fileno()):
            sys.stderr = nowhere
            try:
                yield
            finally:
                sys.stderr = spoken

    def complain(self, line: str) -> None:
        """Write a line about an error, quiet or not."""
        # Nobody may be listening; that is no reason to stop the work.
        with suppress(OSError):
            _write(sys.stderr, line)


@contextmanager
def _redirect(number: int, target: int) -> Iterator[None]:
    """Let a stream of the system go elsewhere while the block runs."""
    try:
        kept = os.dup(number)
    except OSError:
        # The process was started with this stream closed.
        yield
        return
    try:
        os.dup2(target, number)
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)


def _write(stream: TextIO | None, line: str) -> None:
    if stream is None:
        # The process was started with this stream closed: nobody wants it.
        return
    # A terminal of another encoding, or a file name that is no text, must not turn a message into a crash.
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
