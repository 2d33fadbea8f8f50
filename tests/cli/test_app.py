"""From work to exit code: verdicts, errors of ours and of the system, interrupts."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.reports import StandInReport
from support.streams import FailingStream

from amhctl.cli import app
from amhctl.cli.app import CANNOT_GO_ON, INTERRUPTED, NEGATIVE, OK, USAGE, execute
from amhctl.cli.console import Console
from amhctl.core.errors import AmhctlError, OptionError, TextError, UnspeakableError
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.report import Report


def code_of(outcome: Report | BaseException, *, json: bool = False, verbose: int = 0) -> object:
    def work(_: Progress) -> Report:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    with pytest.raises(SystemExit) as end:
        execute("text normalize", work, json=json, quiet=False, verbose=verbose)
    return end.value.code


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (StandInReport(), OK),
        (StandInReport(ok=False), NEGATIVE),
        (TextError("the text is empty"), CANNOT_GO_ON),
        (UnspeakableError("judged bad"), NEGATIVE),
        (OptionError("no such metric"), USAGE),
        (OSError(errno.ENOSPC, "No space left on device", "out.wav"), CANNOT_GO_ON),
        (MemoryError(), CANNOT_GO_ON),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), CANNOT_GO_ON),
        (KeyboardInterrupt(), INTERRUPTED),
    ],
)
def test_every_outcome_has_its_code(outcome: StandInReport | BaseException, code: int) -> None:
    assert code_of(outcome) == code


def test_an_error_says_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(AmhctlError("it broke", subject="a.wav", hint="repair it"))
    assert capsys.readouterr() == ("", "error: a.wav: it broke\nhint: repair it\n")


def test_a_full_disk_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(OSError(errno.ENOSPC, "No space left on device", "out.wav"))
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "error: out.wav: no space left on device")
    assert "free disk space" in err


def test_too_little_memory_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(MemoryError("Unable to allocate 8 PiB"))
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == (
        "",
        "error: there is too little memory (Unable to allocate 8 PiB); no incomplete output was left",
    )
    assert "more memory" in err


def test_another_fault_of_a_library_is_a_bug() -> None:
    def work(_: Progress) -> StandInReport:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        execute("text normalize", work, json=False, quiet=False, verbose=0)


def test_with_json_an_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(AmhctlError("it broke", subject="a.wav", hint="repair it"), json=True)
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["command"], document["ok"], err) == ("text normalize", False, "")
    assert document["error"] == {"type": "AmhctlError", "message": "it broke", "where": "a.wav", "hint": "repair it"}


def test_a_traceback_is_shown_to_who_asks_twice(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(AmhctlError("it broke"), verbose=1)
    assert "Traceback" not in capsys.readouterr().err
    code_of(AmhctlError("it broke"), verbose=2)
    assert "Traceback" in capsys.readouterr().err


def test_what_only_a_bug_can_raise_is_not_caught_here() -> None:
    def work(_: Progress) -> StandInReport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute("text normalize", work, json=False, quiet=False, verbose=0)


@pytest.mark.parametrize(("ok", "code"), [(True, OK), (False, NEGATIVE)])
def test_a_reader_that_went_away_changes_no_verdict(ok: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", FailingStream(errno.EPIPE))
    assert code_of(StandInReport(ok, text=("a line",))) == code


@pytest.mark.parametrize("json", [False, True])
def test_standard_output_without_room_is_an_error_told_on_the_other_stream(
    json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", FailingStream(errno.ENOSPC))
    assert code_of(StandInReport(text=("a line",)), json=json) == CANNOT_GO_ON
    assert capsys.readouterr().err.splitlines() == [
        "error: standard output: no space left on device",
        "hint: the work is done, but its report could not be written",
    ]


@dataclass(frozen=True, slots=True)
class StreamedReport(Report):
    """A report that does its work while it is written."""

    raw: Iterator[bytes]

    def payload(self) -> dict[str, object]:
        return {}

    def lines(self) -> tuple[str, ...]:
        return ()


def streamed(outcome: BaseException) -> Iterator[bytes]:
    yield b"some"
    raise outcome


def test_a_stream_without_room_is_not_said_to_be_done(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert code_of(StreamedReport(streamed(OSError(errno.ENOSPC, "No space left on device")))) == CANNOT_GO_ON
    assert capfdbinary.readouterr().err.decode().splitlines() == [
        "error: standard output: no space left on device",
        "hint: what was written is incomplete: make room, then run the same command again",
    ]


def test_too_little_memory_in_a_stream_is_told(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert code_of(StreamedReport(streamed(MemoryError("Unable to allocate 8 PiB")))) == CANNOT_GO_ON
    out, err = capfdbinary.readouterr()
    assert out == b"some"
    assert err.startswith(b"error: there is too little memory (Unable to allocate 8 PiB)")


@pytest.mark.parametrize("outcome", [TextError("it broke"), KeyboardInterrupt(), ZeroDivisionError()])
def test_the_bar_of_a_stream_is_ended_before_its_error_is_told(
    outcome: BaseException, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    class Bar(SilentProgress):
        running = False

        def start(self, *_: object) -> None:
            self.running = True

        def finish(self) -> None:
            self.running = False

    bar = Bar()
    complain = Console.complain

    def told(console: Console, line: str) -> None:
        assert not bar.running
        complain(console, line)

    def chunks() -> Iterator[bytes]:
        bar.start()
        yield from streamed(outcome)

    monkeypatch.setattr(app, "make_progress", lambda _: bar)
    monkeypatch.setattr(Console, "complain", told)
    with pytest.raises((SystemExit, ZeroDivisionError)):
        execute("speak", lambda _: StreamedReport(chunks()), json=False, quiet=False, verbose=0)
    assert not bar.running
    assert capfdbinary.readouterr().out == b"some"


def test_with_json_an_interrupt_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(KeyboardInterrupt(), json=True) == INTERRUPTED
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["command"], document["ok"], document["error"]["type"], err) == (
        "text normalize",
        False,
        "Interrupted",
        "",
    )


@pytest.mark.parametrize("command", ["train", "text normalize"])
@pytest.mark.parametrize("outcome", [StandInReport(), AmhctlError("it broke"), KeyboardInterrupt()])
def test_of_several_processes_that_train_one_writes_the_object(
    command: str,
    outcome: StandInReport | BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(_: Progress) -> StandInReport:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    codes = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        with pytest.raises(SystemExit) as end:
            execute(command, work, json=True, quiet=False, verbose=0)
        codes.append(end.value.code)
    assert codes[0] == codes[1]
    out, err = capsys.readouterr()
    assert len([json.loads(line) for line in out.splitlines()]) == (1 if command == "train" else 2)
    # What goes wrong is told by everyone to whom it happens.
    told = command == "train" and isinstance(outcome, BaseException)
    assert bool(err) is told


def test_quiet_silences_libraries_too(capfd: pytest.CaptureFixture[str]) -> None:
    def work(_: Progress) -> StandInReport:
        sys.stderr.write("a warning of Python\n")
        sys.stderr.flush()
        os.write(2, b"a warning of C\n")
        return StandInReport(text=("data",))

    def fail(progress: Progress) -> StandInReport:
        work(progress)
        raise TextError("the text is empty")

    for quiet in (True, False):
        for outcome in (work, fail):
            with pytest.raises(SystemExit):
                execute("text normalize", outcome, json=False, quiet=quiet, verbose=0)
        out, err = capfd.readouterr()
        heard = [] if quiet else ["a warning of Python", "a warning of C"]
        assert (out, err.splitlines()) == ("data\n", [*heard, *heard, "error: the text is empty"])


def test_quiet_silences_talk_and_progress_but_neither_data_nor_errors(capsys: pytest.CaptureFixture[str]) -> None:
    def work(progress: Progress) -> StandInReport:
        progress.say("talk")
        return StandInReport(text=("data",))

    def fail(progress: Progress) -> StandInReport:
        progress.say("talk")
        raise TextError("the text is empty")

    for outcome in (work, fail):
        with pytest.raises(SystemExit):
            execute("text normalize", outcome, json=False, quiet=True, verbose=0)
    assert capsys.readouterr() == ("data\n", "error: the text is empty\n")


@pytest.mark.parametrize("outcome", [None, TextError("it broke"), KeyboardInterrupt(), ZeroDivisionError()])
def test_the_bar_is_ended_whatever_happens(
    outcome: BaseException | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Bar(SilentProgress):
        ended = False

        def finish(self) -> None:
            Bar.ended = True

    def work(_: Progress) -> StandInReport:
        if outcome is not None:
            raise outcome
        return StandInReport()

    monkeypatch.setattr(app, "make_progress", lambda _: Bar())
    with pytest.raises((SystemExit, ZeroDivisionError)):
        execute("text normalize", work, json=False, quiet=False, verbose=0)
    assert Bar.ended


@pytest.mark.parametrize(
    ("error", "subject", "words"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "a"), "a", "permissions"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", b"a"), "a", "check the path"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "a"), "a", "not a folder"),
        (OSError("odd"), "", ""),
        (OSError(), "", ""),
    ],
)
def test_an_error_of_the_system_says_where_and_what_to_do(error: OSError, subject: str, words: str) -> None:
    ours = app.named(error)
    assert ours.subject == subject
    assert words in ours.hint
    assert ours.message
