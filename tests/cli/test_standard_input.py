"""Twin of ``cli/standard_input.py``."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from amhctl.cli.standard_input import open_files, open_standard_input, read_text
from amhctl.core.errors import AmhctlError

CLOSED = 'exec "$0" -m amhctl "$@" <&-'


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes, *, encoding: str = "utf-8", errors: str = "strict") -> None:
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdin", stream)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_text_is_utf8_in_every_locale(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    pipe(monkeypatch, b"\xef\xbb\xbf" + "ሰላም\nዓለም\n".encode(), encoding=encoding)
    assert list(open_standard_input()) == ["ሰላም\n", "ዓለም\n"]


def test_bytes_that_are_no_text_are_refused_in_the_plain_locale_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "ሰላም ".encode() + b"\xed\xa0\x80", errors="surrogateescape")
    with pytest.raises(UnicodeDecodeError):
        open_standard_input().read()


def test_a_closed_input_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(AmhctlError, match="the standard input is closed") as caught:
        open_standard_input()
    assert caught.value.hint


def test_a_dash_among_arguments_is_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "ሰላም\n".encode())
    assert (read_text("ዓለም"), read_text("-")) == ("ዓለም", "ሰላም\n")
    pipe(monkeypatch, "ሰላም\n".encode())
    files, piped = open_files([Path("a.txt"), Path("-"), Path("b.txt")])
    assert files == (Path("a.txt"), Path("b.txt"))
    assert piped is not None
    assert piped.read() == "ሰላም\n"
    assert open_files([Path("a.txt")]) == ((Path("a.txt"),), None)


@pytest.mark.parametrize(
    "words",
    [
        ("text", "normalize", "-"),
        ("text", "phones"),
        ("vocab", "train", "-", "-o", "v.model"),
        ("speak", "-", "-o", "x.wav"),
    ],
)
def test_a_process_without_input_ends_with_three(words: tuple[str, ...]) -> None:
    process = subprocess.run(
        ["/bin/sh", "-c", CLOSED, sys.executable, *words], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (3, "")
    assert process.stderr.splitlines()[0] == "error: -: the standard input is closed"
