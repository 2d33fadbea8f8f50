"""The seam through which long work reports how far it is. Knows nothing of terminals."""

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of one piece of work at a time."""

    def start(self, title: str, total: int | None, unit: str) -> None:
        """Begin a piece of work of ``total`` units, or of unknown length."""
        ...

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Report that ``amount`` more units are done; ``note`` is a short current value such as a loss."""
        ...

    def finish(self) -> None:
        """End the current piece of work."""
        ...

    def say(self, message: str) -> None:
        """Say one line beside the bar, for people only."""
        ...


class SilentProgress:
    """A Progress that shows nothing; the default of library calls and the fake of tests."""

    def start(self, title: str, total: int | None, unit: str) -> None:
        """Ignore the beginning."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Ignore the step."""

    def finish(self) -> None:
        """Ignore the end."""

    def say(self, message: str) -> None:
        """Ignore the line."""
