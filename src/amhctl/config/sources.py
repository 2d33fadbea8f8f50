"""Where settings can come from, and whether any were made: known without loading what the settings are."""

import os
from collections.abc import Mapping
from pathlib import Path

PROJECT_FILE = "amhctl.toml"
ENVIRONMENT = "AMHCTL_"
"""How the names of variables begin that are settings."""
API_KEY = "AMHCTL_API_KEY"
"""The key of `amhctl serve`: no setting, since settings are shown and written down."""


def is_setting(variable: str) -> bool:
    """Return whether a variable of the environment is a setting, by its name."""
    return variable.startswith(ENVIRONMENT) and variable != API_KEY


def has_settings(project: Path | None, environment: Mapping[str, str] | None = None) -> bool:
    """Return whether a project file or the environment may set anything; if not, every value is its default.

    ``speak`` is called for every sentence by scripts and screen readers, mostly without a project: it does not wait for
    the whole configuration to be loaded then.

    Parameters
    ----------
    project : Path | None
        As ``load_run_config`` takes it: only the current folder may do without a project file.
    environment : Mapping[str, str] | None
        Variables; the process's own by default.
    """
    if any(map(is_setting, os.environ if environment is None else environment)):
        return True
    return project is not None and (project != Path() or os.path.lexists(project / PROJECT_FILE))
