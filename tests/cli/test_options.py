"""Options that mean the same everywhere are declared once."""

from typing import get_args

import pytest
import typer

from amhctl.cli import options
from amhctl.cli.main import main


@pytest.mark.parametrize(
    "name", ["Json", "Quiet", "Verbose", "Force", "Seed", "Device", "Config", "Set", "Lexicon", "Preset"]
)
def test_each_option_has_flags_and_help(name: str) -> None:
    _, info = get_args(getattr(options, name))
    assert isinstance(info, type(typer.Option()))
    assert all(flag.startswith("-") for flag in info.param_decls)
    assert info.help.endswith(".")


def test_the_manifest_is_an_argument_with_help() -> None:
    _, info = get_args(options.Manifest)
    assert isinstance(info, type(typer.Argument()))
    assert info.help == "Manifest, a JSON Lines file."


def test_names_of_voices_are_given_once() -> None:
    assert options.read_names("--cast", None) == ()
    assert options.read_names("--cast", ["she=m01", "he=a=b"]) == (("she", "m01"), ("he", "a=b"))
    for given, message in ((["she"], "--cast is NAME=VOICE"), (["a=b", "a=c"], "--cast gives the name 'a' twice")):
        with pytest.raises(typer.BadParameter, match=message):
            options.read_names("--cast", given)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_in_no_range(value: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a finite number"):
        options.require_number(float(value))
    assert options.require_number(None) is None
    assert options.require_number(0.5) == 0.5


@pytest.mark.parametrize(
    "words",
    [
        ("speak", "ሰላም", "-o", "x.wav", "--speed", "nan"),
        ("speak", "ሰላም", "-o", "x.wav", "--temperature", "inf"),
        ("speak", "ሰላም", "-o", "x.wav", "--top-p", "nan"),
        ("speak", "ሰላም", "-o", "x.wav", "--guidance", "nan"),
        ("data", "split", "m.jsonl", "--valid", "nan"),
        ("data", "split", "m.jsonl", "--test", "nan"),
        ("data", "check", "m.jsonl", "--fix", "-o", "x", "--level", "nan"),
        ("codes", "extract", "m.jsonl", "-o", "x", "--level", "nan"),
        ("vocab", "check", "v.model", "c.txt", "--max-unknown", "nan"),
        ("data", "split", "m.jsonl", "--seed", str(2**32)),
        ("vocab", "extend", "v.model", "c.txt", "-o", "w.model", "--size", "1000001"),
    ],
)
def test_numbers_that_no_command_can_use_are_wrong_usage(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*words])
    assert end.value.code == 2
    assert words[-2] in capsys.readouterr().err
