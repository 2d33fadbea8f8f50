"""Streams: data on one, talk on the other, and no crash by an odd terminal."""

import errno
import io
import json
import sys
from pathlib import Path

import pytest
from support.streams import FailingStream

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
    assert stream.buffer.getvalue() == b"\\u1230\\u120b\\u121d!\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("text", ["ሰላም é 😀", "\udcffno", 'a "\\ b\n'])
def test_an_object_is_json_in_every_encoding(encoding: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    Console().document({"text": text})
    line = stream.buffer.getvalue()
    assert line.count(b"\n") == 1
    assert json.loads(line.decode(encoding)) == {"text": text}


def test_an_object_is_readable_where_it_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    Console().document({"text": "ሰላም"})
    assert capsys.readouterr().out == '{"text": "ሰላም"}\n'


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_talk_that_nobody_can_take_stops_no_work(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", FailingStream(number))
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


def test_a_stream_that_was_closed_at_the_start_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    console = Console()
    console.data("data")
    console.raw(b"data")
    console.talk("talk")
    assert not console.shows_bars


def test_abandoned_data_goes_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    with path.open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        stream.write("half a line")
        Console().abandon_data()
        stream.flush()
    assert path.read_text() == ""
