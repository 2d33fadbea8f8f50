"""Text files that may be compressed, opened so that reading them takes bounded memory. Knows no text.

A few kilobytes can say anything: that unpacking them takes a gigabyte (the dictionary of an ``.xz`` file), or be a line
of a gigabyte. Neither is believed.
"""

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from amhctl.core.documents import MOST_LINE_BYTES, limited_lines
from amhctl.core.errors import DatasetError

# ``xz -9`` wants 65 MiB.
_MOST_MEMORY = 128 << 20
_CHUNK = 1 << 16


class _XzReader(io.RawIOBase):
    """The content of an ``.xz`` file; Python's own reader takes whatever memory the file asks for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
        self._between = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        while True:
            if self._decoder.eof:
                # Several streams may follow each other in one file.
                rest = self._decoder.unused_data.lstrip(b"\0") or self._stream.read(_CHUNK).lstrip(b"\0")
                if not rest:
                    return 0
                self._decoder = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
            elif self._decoder.needs_input:
                rest = self._stream.read(_CHUNK)
                if not rest:
                    raise EOFError("the file is truncated")
            else:
                rest = b""
            content = self._decoder.decompress(rest, len(view))
            if content:
                view[: len(content)] = content
                return len(content)

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_text(path: Path) -> BinaryIO:
    """Open a file of text: ``.gz``, ``.xz`` and ``.bz2`` are unpacked, any other is read as it is.

    Raises
    ------
    OSError
        If it cannot be opened.
    """
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path))
    if path.suffix == ".bz2":
        return cast("BinaryIO", bz2.open(path))
    if path.suffix == ".xz":
        return io.BufferedReader(_XzReader(path.open("rb")))
    return path.open("rb")


def numbered_lines(stream: BinaryIO, subject: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a text, counted from 1.

    Raises
    ------
    DatasetError
        If one is longer than a line may be.
    """
    for number, line in enumerate(limited_lines(stream), start=1):
        if line is None:
            raise DatasetError(
                f"the line is longer than {MOST_LINE_BYTES >> 20} MiB",
                subject=f"{subject}:{number}",
                hint="give text with one sentence or paragraph per line",
            )
        yield number, line
