"""Streams: data on one, talk on the other, and no crash by an odd terminal."""

import io
import sys

import pytest

from amhctl.cli.console import Console


def test_data_and_talk_keep_apart(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.data("data")
    console.talk("talk")
    console.complain("complaint")
    assert capsys.readouterr() == ("data\n", "talk\ncomplaint\n")


def test_quiet_keeps_data_and_complaints(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.data("data")
    console.talk("talk")
    console.complain("complaint")
    assert capsys.readouterr() == ("data\n", "complaint\n")


def test_a_terminal_without_ethiopic_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    Console().data("ሰላም!")
    stream.flush()
    assert stream.buffer.getvalue() == b"???!\n"  # type: ignore[attr-defined]


def test_nobody_listening_to_talk_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    Console().complain("talk")


@pytest.mark.parametrize(
    ("terminal", "quiet", "kind", "bars"),
    [
        (True, False, "xterm", True),
        (True, True, "xterm", False),
        (True, False, "dumb", False),
        (False, False, "xterm", False),
    ],
)
def test_bars_move_on_terminals_only(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, quiet: bool, kind: str, bars: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", kind)
    assert Console(quiet=quiet).shows_bars is bars


def test_bytes_go_out_as_they_are(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Console().raw(b"\x00\xff")
    assert capfdbinary.readouterr().out == b"\x00\xff"
