"""Progress: plain lines now and then, a bar on a terminal, the time left."""

import re
import sys
import time

import pytest

from amhctl.cli import progress as module
from amhctl.cli.console import Console
from amhctl.cli.progress import BarProgress, LineProgress, make_progress
from amhctl.core.progress import SilentProgress


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock.monotonic)  # type: ignore[attr-defined]
    return clock


def test_short_work_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress(Console())
    progress.start("encoding", 10, "clips")
    for _ in range(10):
        clock.now += 0.5
        progress.advance()
    progress.finish()
    assert capsys.readouterr() == ("", "")


def test_long_work_says_rate_time_left_and_end(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress(Console())
    progress.start("encoding", 100, "clips")
    for _ in range(20):
        clock.now += 1.0
        progress.advance(note="u7")
    progress.finish()
    assert capsys.readouterr().err.splitlines() == [
        "encoding: 10/100 clips, 1/s, 1:30 left, u7",
        "encoding: 20/100 clips, 1/s, 1:20 left, u7",
        "encoding: 20/100 clips, 1/s, 1:20 left, done in 0:20",
    ]


def test_work_of_unknown_length_has_no_time_left(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress(Console())
    progress.start("reading", None, "lines")
    clock.now += 7_200.0
    progress.advance(3_600)
    assert capsys.readouterr().err == "reading: 3600 lines, 0.5/s\n"


def test_the_progress_suits_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_progress(Console(quiet=True)), SilentProgress)
    assert isinstance(make_progress(Console()), LineProgress)
    monkeypatch.setattr(Console, "shows_bars", property(lambda _: True))
    assert isinstance(make_progress(Console()), BarProgress)


def test_a_bar_shows_title_count_and_note(capsys: pytest.CaptureFixture[str]) -> None:
    progress = BarProgress()
    progress.say("before")
    progress.start("training", 4, "steps")
    progress.advance(2, note="loss 3.1")
    progress.say("[not markup]")
    progress.start("validating", None, "clips")
    progress.finish()
    progress.finish()
    out, err = capsys.readouterr()
    assert out == ""
    for words in ("before", "training", "2/4", "steps", "loss 3.1", "[not markup]"):
        assert words in err


def test_the_clock_is_the_real_one() -> None:
    assert module.time is time  # type: ignore[attr-defined]


def test_the_end_is_told_once(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress(Console())
    progress.start("encoding", 1, "clips")
    clock.now += 11.0
    progress.advance()
    capsys.readouterr()
    for _ in range(2):
        clock.now += 3.0
        progress.finish()
    assert capsys.readouterr().err == "encoding: 1/1 clips, 0.0714/s, done in 0:14\n"


def test_the_second_work_starts_from_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress(Console())
    for _ in range(2):
        progress.start("encoding", None, "clips")
        clock.now += 10.0
        progress.advance(5)
    assert capsys.readouterr().err == "encoding: 5 clips, 0.5/s\n" * 2


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_no_color_takes_the_colours_of_the_bar_away(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    progress = make_progress(Console())
    progress.start("training", 4, "steps")
    progress.advance(2)
    progress.finish()
    err = capsys.readouterr().err
    assert "2/4" in err
    assert bool(re.search(r"\x1b\[(\d+;)*(3[0-7]|38;5;\d+|9[0-7])m", err)) is coloured


def test_the_terminal_has_its_cursor_back_after_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    progress = BarProgress()
    progress.start("training", 4, "steps")
    progress.finish()
    err = capsys.readouterr().err
    assert err.rindex("\x1b[?25h") > err.rindex("\x1b[?25l")
