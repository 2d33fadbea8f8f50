"""``amhctl init``: begin a project."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


@runs("init", summary=True)
def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Project folder; created if it does not exist.")],
    force: options.Force = False,
) -> Work:
    """Create a project folder with amhctl.toml and a README."""
    from amhctl.workflows import init as init_project

    request = init_project.InitProjectRequest(folder=folder, force=force)
    return lambda progress: init_project.run(request, progress)
