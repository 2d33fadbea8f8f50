"""``amhctl config``: where each value comes from."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs

app = typer.Typer(help="Configuration: show every value and its source.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Show the configuration with its sources."""


@app.command("show")
@runs("config show")
def show(
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only values that come neither from a default nor from the preset.")
    ] = False,
) -> Work:
    """Show every setting, its value and the source of the value."""
    from amhctl.workflows.config import show as show_config

    request = show_config.ShowConfigRequest(
        preset=preset, project=config or Path(), sets=tuple(sets or ()), changed_only=changed
    )
    return lambda progress: show_config.run(request, progress)
