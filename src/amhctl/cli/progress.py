"""Progress on standard error: a bar with an ETA on a terminal, elsewhere a plain line now and then."""

import time
from typing import TYPE_CHECKING

from amhctl.cli.console import Console
from amhctl.core.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_SECONDS_BETWEEN_LINES = 10.0


def make_progress(console: Console) -> Progress:
    """Return the progress that suits the console."""
    if console.quiet:
        return SilentProgress()
    return BarProgress() if console.shows_bars else LineProgress(console)


class LineProgress:
    """Writes a line every ten seconds, and one at the end of work that took longer than that."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._title = ""
        self._unit = ""
        self._total: int | None = None
        self._done = 0
        self._begun = 0.0
        self._spoken = 0.0

    def start(self, title: str, total: int | None, unit: str) -> None:
        """Begin a piece of work."""
        self._title, self._total, self._unit, self._done = title, total, unit, 0
        self._begun = self._spoken = time.monotonic()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count units and now and then write a line."""
        self._done += amount
        now = time.monotonic()
        if now - self._spoken >= _SECONDS_BETWEEN_LINES:
            self._spoken = now
            self._console.talk(self._line(now, note))

    def finish(self) -> None:
        """End the piece of work."""
        now = time.monotonic()
        if self._spoken > self._begun:
            self._console.talk(self._line(now, f"done in {_clock(now - self._begun)}"))
            # A command ends its progress once more, whatever the work has ended itself.
            self._spoken = self._begun

    def say(self, message: str) -> None:
        """Write a line."""
        self._console.talk(message)

    def _line(self, now: float, note: str) -> str:
        rate = self._done / max(1e-9, now - self._begun)
        whole = f"/{self._total}" if self._total is not None else ""
        left = ""
        if self._total is not None and self._done and self._done < self._total:
            left = f", {_clock((self._total - self._done) / rate)} left"
        return f"{self._title}: {self._done}{whole} {self._unit}, {rate:.3g}/s{left}{f', {note}' if note else ''}"


class BarProgress:
    """A moving bar with rate and ETA."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, title: str, total: int | None, unit: str) -> None:
        """Begin a piece of work."""
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self.finish()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            Remaining(),
            TextColumn("{task.fields[note]}"),
            console=RichConsole(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task(title, total=total, note="")

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=amount, note=note)

    def finish(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def say(self, message: str) -> None:
        """Write a line above the bar."""
        if self._bar is not None:
            self._bar.console.print(message, markup=False, highlight=False)
        else:
            Console().talk(message)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
