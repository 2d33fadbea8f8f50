"""``amhctl voices``: the voices available."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.app import execute

app = typer.Typer(help="Voices: list, show.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    folders: Annotated[list[Path] | None, typer.Argument(help="More folders that hold voices.")] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """List the bundled voices, and those in given folders."""
    from amhctl.workflows.voices import list as list_voices

    request = list_voices.ListVoicesRequest(folders=tuple(folders or ()))
    execute("voices list", lambda progress: list_voices.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("show")
def show(
    voice: Annotated[str, typer.Argument(help="Bundled voice or checkpoint folder.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Show a voice's properties, training data and licences, and quality measurements."""
    from amhctl.workflows.voices import list as list_voices

    request = list_voices.ListVoicesRequest(voice=voice)
    execute("voices show", lambda progress: list_voices.run(request, progress), json=json, quiet=quiet, verbose=verbose)
