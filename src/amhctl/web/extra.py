"""The libraries of an HTTP server, which are an extra. Loads none of them."""

import importlib.util

from amhctl.core.errors import MissingExtra

LIBRARIES = ("fastapi", "prometheus_client", "uvicorn")
"""What the extra ``serve`` installs."""


def require_server_libraries() -> None:
    """Refuse to continue without the libraries of an HTTP server.

    Raises
    ------
    MissingExtra
        If one of them is not installed.
    """
    absent = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if absent:
        raise MissingExtra(
            f"an HTTP server needs {' and '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not installed",
            subject="amhctl[serve]",
            hint="pip install 'amhctl[serve]'",
        )
