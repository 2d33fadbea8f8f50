"""From work to exit code: verdicts, errors of ours and of the system, interrupts."""

import errno
import json

import pytest
from support.reports import StandInReport

from amhctl.cli.app import CANNOT_GO_ON, INTERRUPTED, NEGATIVE, OK, execute
from amhctl.core.errors import AmhctlError, TextError, UnspeakableError
from amhctl.core.progress import Progress


def code_of(outcome: StandInReport | BaseException, *, json: bool = False, verbose: int = 0) -> object:
    def work(_: Progress) -> StandInReport:
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
        (OSError(errno.ENOSPC, "No space left on device", "out.wav"), CANNOT_GO_ON),
        (KeyboardInterrupt(), INTERRUPTED),
    ],
)
def test_every_outcome_has_its_code(outcome: StandInReport | BaseException, code: int) -> None:
    assert code_of(outcome) == code


def test_an_error_says_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(AmhctlError("it broke", subject="a.wav", hint="mend it"))
    assert capsys.readouterr() == ("", "error: a.wav: it broke\nhint: mend it\n")


def test_a_full_disk_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(OSError(errno.ENOSPC, "No space left on device", "out.wav"))
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "error: out.wav: no space left on device")
    assert "make room" in err


def test_with_json_an_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(AmhctlError("it broke", subject="a.wav", hint="mend it"), json=True)
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["command"], document["ok"], err) == ("text normalize", False, "")
    assert document["error"] == {"type": "AmhctlError", "message": "it broke", "where": "a.wav", "hint": "mend it"}


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
