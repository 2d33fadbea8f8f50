"""``amhctl doctor``: what is wrong with this machine."""

from pathlib import Path

from amhctl.cli import options
from amhctl.cli.app import execute


def command(json: options.Json = False, quiet: options.Quiet = False, verbose: options.Verbose = 0) -> None:
    """Check this machine, the installed packages, and the bundled voices and codecs."""
    from amhctl.workflows import doctor as diagnose

    request = diagnose.DiagnoseRequest(folder=Path())
    execute("doctor", lambda progress: diagnose.run(request, progress), json=json, quiet=quiet, verbose=verbose)
