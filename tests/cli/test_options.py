"""Options that mean the same everywhere are declared once."""

from typing import get_args

import pytest
import typer

from amhctl.cli import options


@pytest.mark.parametrize("name", ["Json", "Quiet", "Verbose", "Force", "Seed", "Device", "Config", "Set", "Preset"])
def test_each_option_has_flags_and_help(name: str) -> None:
    _, info = get_args(getattr(options, name))
    assert isinstance(info, type(typer.Option()))
    assert all(flag.startswith("-") for flag in info.param_decls)
    assert info.help.endswith(".")
