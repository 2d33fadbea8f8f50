"""The whole command line in one process: usage, help, version, bugs."""

import errno
import io
import json
import sys
from pathlib import Path

import pytest
import typer
from support.streams import FailingStream

from amhctl import __version__
from amhctl.cli.main import COMMANDS, build_app, main
from amhctl.cli.main import _named_command as named_command
from amhctl.core.errors import TextError
from amhctl.workflows import doctor as diagnose
from amhctl.workflows.text import normalize as normalize_text


def run(*words: str) -> object:
    with pytest.raises(SystemExit) as end:
        main([*words])
    return end.value.code


def test_help_lists_the_commands_in_the_order_of_a_voices_life(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    out = capsys.readouterr().out
    places = [
        out.index(f"\n  {name} ") for name in ("speak", "train", "eval", "voices", "data", "vocab", "codec", "ckpt")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("words", [(), ("--",)])
def test_no_command_is_wrong_usage_and_shows_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert "Usage: amhctl" in out + err


def test_version_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr() == (f"amhctl {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("speek",), "speek"),
        (("speak", "ሰላም", "--spead", "2"), "--spead"),
        (("ckpt", "validate"), "CHECKPOINT"),
        (("text", "phones", "ሰላም", "--backend", "guess"), "guess"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_where_to_look(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err.splitlines()[0]
    assert "--help" in err.splitlines()[1]


def test_wrong_usage_with_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ckpt", "validate", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["error"]["type"]) == (False, "UsageError")


def test_a_bug_has_a_code_of_its_own_and_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(diagnose, "run", lambda *_: 1 // 0)
    assert run("doctor", "--json") == 70
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["type"] == "Bug"
    assert "Traceback" in err


@pytest.mark.parametrize("kind", [ImportError, TextError])
def test_an_interrupt_that_a_library_turned_into_an_error_is_one(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            raise kind("initialization failed") from interrupt

    monkeypatch.setattr(diagnose, "run", load)
    assert run("doctor") == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(
    ("words", "command"),
    [(("doctor", "--json"), "doctor"), (("text", "split", "ሰላም", "--json"), "text split"), (("--json",), "")],
)
def test_the_command_is_named_without_its_arguments(words: tuple[str, ...], command: str) -> None:
    assert named_command([*words]) == command


def test_a_text_is_no_part_of_the_name_of_the_command_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(normalize_text, "run", lambda *_: 1 // 0)
    assert run("text", "normalize", "ሰላም", "--json") == 70
    assert json.loads(capsys.readouterr().out)["command"] == "text normalize"


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_standard_output_without_room_is_three_even_for_help(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", FailingStream(errno.ENOSPC))
    assert run(*words) == 3
    assert capsys.readouterr().err.startswith("error: no space left on device\n")


@pytest.mark.parametrize("words", [("ckpt", "validate", "--json"), ("speek", "--json")])
def test_wrong_usage_is_two_even_if_nobody_reads_the_object(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", FailingStream(errno.EPIPE))
    assert run(*words) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_input_that_is_not_utf8_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ab\xff"), encoding="utf-8"))
    assert run("text", "normalize", "-", "--json") == 3
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["command"], err) == ("text normalize", "")
    assert "not UTF-8: invalid start byte at byte 2" in document["error"]["message"]


@pytest.mark.parametrize("error", [TextError("it broke"), FileNotFoundError(2, "No such file or directory", "a")])
def test_an_error_before_the_work_begins_is_three(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(io.StringIO):
        def read(self, _: int | None = -1) -> str:
            raise error

    monkeypatch.setattr(sys, "stdin", Broken())
    assert run("text", "normalize", "-") == 3
    assert capsys.readouterr().err.startswith("error: ")


def test_an_interrupt_before_the_work_begins_is_one_hundred_and_thirty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.StringIO):
        def read(self, _: int | None = -1) -> str:
            raise KeyboardInterrupt

        def readline(self, _: int | None = -1) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    for command in ("normalize", "split"):
        assert run("text", command, "-") == 130
        assert capsys.readouterr().err.split() == ["interrupted"]
        assert run("text", command, "-", "--json") == 130
        assert json.loads(capsys.readouterr().out)["error"]["type"] == "Interrupted"


@pytest.mark.parametrize(
    "words",
    [
        ("vocab", "train", "{file}", "-o", "{file}"),
        ("vocab", "extend", "{file}", "c.txt", "-o", "{file}", "--size", "9"),
        ("vocab", "extend", "v.model", "{file}", "-o", "{file}", "--size", "9"),
        ("vocab", "grow", "v.model", "--base-checkpoint", "{file}", "-o", "{file}"),
        ("vocab", "check", "v.model", "{file}", "--report", "{file}"),
        ("data", "pairs", "{file}", "-o", "{file}"),
        ("data", "check", "{file}", "--report", "{file}"),
        ("eval", "m01", "--set", "{file}", "--report", "{file}"),
        ("ckpt", "export", "{file}", "-o", "{file}"),
        ("speak", "--file", "{file}", "-o", "{file}", "--format", "wav"),
        ("speak", "ሰላም", "--reference", "{file}", "-o", "{file}", "--format", "wav"),
    ],
)
def test_what_a_command_reads_it_never_replaces(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"theirs")
    assert run(*(word.format(file=file) for word in words), "--force", "--json") == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["where"], error["message"]) == (str(file), "the output is also the input")
    assert file.read_bytes() == b"theirs"


@pytest.mark.parametrize("words", [("speak", "ሰላም", "-o", "{out}"), ("text", "explain", "ሰላም")])
def test_a_voice_without_a_name_is_not_the_default_one(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(word.format(out=tmp_path / "x.wav") for word in words), "--voice", "", "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "voice not found"


@pytest.mark.parametrize("group", ["", "voices", "text", "data", "vocab", "codec", "codes", "ckpt", "config"])
def test_no_summary_of_a_command_is_cut_on_a_narrow_terminal(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(*group.split(), "--help") == 0
    commands = capsys.readouterr().out.partition("\nCommands:\n")[2].splitlines()
    assert commands
    assert [line for line in commands if line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_alone_is_the_one_of_the_whole_command_line(name: str) -> None:
    whole, alone = (typer.main.get_group(build_app(only)) for only in (None, name))
    assert list(alone.commands) == [name]
    with typer.Context(whole) as context:
        expected, found = (each.commands[name].get_help(context) for each in (whole, alone))
    assert found == expected


def test_an_unknown_word_leads_to_the_whole_command_line() -> None:
    assert sorted(typer.main.get_group(build_app("spaek")).commands) == sorted(COMMANDS)
