"""The whole command line in one process: usage, help, version, bugs."""

import json

import pytest

from amhctl import __version__
from amhctl.cli.main import main
from amhctl.workflows import diagnose


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


def test_no_command_is_wrong_usage_and_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
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
        (("ckpt", "validate"), "checkpoint"),
        (("text", "phones", "ሰላም", "--backend", "guess"), "guess"),
        (("speak", "ሰላም"), "-o OUT.wav"),
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
