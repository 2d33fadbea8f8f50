"""``amhctl voices``: the voices available."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli.shared import Work, runs

app = typer.Typer(help="Voices: list, show.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@runs("voices list")
def list_(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="More folders with voices.")
    ] = None,
) -> Work:
    """List the bundled voices, and those in given folders."""
    from amhctl.workflows.voices import list as list_voices

    request = list_voices.ListVoicesRequest(folders=tuple(folders or ()))
    return lambda progress: list_voices.run(request, progress)


@app.command("show")
@runs("voices show")
def show(voice: Annotated[str, typer.Argument(help="Bundled voice or checkpoint folder.")]) -> Work:
    """Show a voice's properties, training data, licences and quality."""
    from amhctl.workflows.voices import list as list_voices

    request = list_voices.ListVoicesRequest(voice=voice)
    return lambda progress: list_voices.run(request, progress)
