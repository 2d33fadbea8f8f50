"""Streams that take nothing."""

import io
import os


class FailingStream(io.StringIO):
    """A stream on which every write fails.

    Parameters
    ----------
    number : int
        The error number of the system, such as that of a full disk.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(self._number, os.strerror(self._number))
