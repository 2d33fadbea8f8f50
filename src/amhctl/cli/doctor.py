"""``amhctl doctor``: what is wrong with this machine."""

from pathlib import Path

from amhctl.cli.shared import Work, runs


@runs("doctor")
def command() -> Work:
    """Check this machine, the packages, bundled voices and codecs."""
    from amhctl.workflows import doctor as diagnose

    request = diagnose.DiagnoseRequest(folder=Path())
    return lambda progress: diagnose.run(request, progress)
