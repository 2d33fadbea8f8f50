"""Reports and errors as lines and as one JSON object."""

import dataclasses
import errno
import json
import sys

import pytest
from support.reports import StandInReport
from support.streams import FailingStream

from amhctl import __version__
from amhctl.cli.console import Console
from amhctl.cli.render import render_error, render_report
from amhctl.core.errors import AmhctlError
from amhctl.core.findings import Finding, Severity

FINDINGS = (
    Finding("D020", Severity.WARNING, "u2", "noisy"),
    Finding("D001", Severity.ERROR, "u1", "absent", "look for it"),
)


def test_lines_come_first_then_findings_the_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    render_report("data check", StandInReport(False, FINDINGS, {}, ("2 records",)), Console())
    assert capsys.readouterr().out.splitlines() == [
        "2 records",
        "error    D001  u1: absent",
        "         hint: look for it",
        "warning  D020  u2: noisy",
    ]


def test_json_is_one_object_with_the_common_keys_and_the_commands_own(capsys: pytest.CaptureFixture[str]) -> None:
    render_report("data check", StandInReport(False, FINDINGS, {"counts": {"D001": 1}}, ("lines",)), Console(json=True))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    document = json.loads(out)
    assert [*document] == ["command", "version", "ok", "findings", "counts"]
    assert (document["command"], document["version"], document["ok"]) == ("data check", __version__, False)
    assert document["findings"][1] == {
        "code": "D001",
        "severity": "error",
        "subject": "u1",
        "message": "absent",
        "hint": "look for it",
    }


def test_ethiopic_letters_stay_letters_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    render_report("text normalize", StandInReport(values={"spoken": "ሰላም"}), Console(json=True))
    assert '"ሰላም"' in capsys.readouterr().out


def test_many_findings_are_cut_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(Finding("D001", Severity.ERROR, f"u{number:04}", "absent") for number in range(250))
    render_report("data check", StandInReport(False, many), Console())
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1].startswith("… and 50 more")) == (201, True)
    render_report("data check", StandInReport(False, many), Console(verbose=1))
    assert len(capsys.readouterr().out.splitlines()) == 250


def test_an_error_without_a_hint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    render_error("speak", AmhctlError("it broke"), Console())
    assert capsys.readouterr() == ("", "error: it broke\n")


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_an_error_whose_object_cannot_be_written_is_told_in_lines(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", FailingStream(number))
    render_error("speak", AmhctlError("it broke", hint="repair it"), Console(json=True))
    assert capsys.readouterr().err == "error: it broke\nhint: repair it\n"


def test_an_error_is_one_object_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    render_error("speak", AmhctlError("it broke", subject="a"), Console(json=True), kind="Bug")
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    assert json.loads(out) == {
        "command": "speak",
        "version": __version__,
        "ok": False,
        "error": {"type": "Bug", "message": "it broke", "where": "a", "hint": ""},
    }


def test_what_was_found_before_an_error_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("R002", Severity.WARNING, "u1", "too long")
    fault = AmhctlError("it broke", findings=(finding,))
    render_error("train", fault, Console(json=True))
    assert [item["code"] for item in json.loads(capsys.readouterr().out)["findings"]] == ["R002"]
    render_error("train", fault, Console())
    assert capsys.readouterr() == ("", "warning  R002  u1: too long\nerror: it broke\n")


def test_bytes_of_a_report_take_the_place_of_its_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    @dataclasses.dataclass(frozen=True)
    class Sound(StandInReport):
        raw: bytes = b"RIFF\x00"

    render_report("speak", Sound(text=("a line",)), Console())
    assert capfdbinary.readouterr().out == b"RIFF\x00"


def test_what_is_about_the_input_stands_aside(capsys: pytest.CaptureFixture[str]) -> None:
    asides = (Finding("S018", Severity.INFO, "clip", "whose voice"),)

    @dataclasses.dataclass(frozen=True)
    class Spoken(StandInReport):
        aside: tuple[Finding, ...] = asides

    render_report("speak", Spoken(findings=(*asides, *FINDINGS), text=("a line",)), Console())
    shown = capsys.readouterr()
    assert "S018" not in shown.out
    assert all(finding.code in shown.out for finding in FINDINGS)
    assert shown.err == "info     S018  clip: whose voice\n"
    render_report("speak", Spoken(findings=asides), Console(json=True))
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["S018"]


def test_a_quiet_command_that_wrote_its_result_says_nothing_unless_it_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def shown(console: Console, *, summary: bool, ok: bool = True) -> str:
        render_report("speak", StandInReport(ok, (), {}, ("o.wav: 2 s",)), console, summary=summary)
        return capsys.readouterr().out

    assert shown(Console(quiet=True), summary=True) == ""
    assert shown(Console(quiet=True), summary=True, ok=False) == "o.wav: 2 s\n"
    assert shown(Console(quiet=True), summary=False) == "o.wav: 2 s\n"
    assert shown(Console(), summary=True) == "o.wav: 2 s\n"
    assert json.loads(shown(Console(json=True, quiet=True), summary=True))["ok"] is True
