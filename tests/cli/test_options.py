"""Options that mean the same everywhere are declared once."""

from typing import get_args

import pytest
import typer

from amhctl.cli import options


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
