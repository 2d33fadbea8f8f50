"""The page at ``/``: its files, read once; a request names none of them by a path of this machine.

The page is of files alone, without a build step. Its policy lets a browser load nothing from elsewhere and run no
script but its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FOLDER = Path(__file__).parent / "files"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
"""What every answer of the server says to browsers."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the page.

    Attributes
    ----------
    route : str
        Where it is served.
    media_type : str
        What it is.
    content : bytes
        The file.
    """

    route: str
    media_type: str
    content: bytes


def read_site() -> tuple[SiteFile, ...]:
    """Return the files of the page; ``index.html`` is the one at ``/``."""
    return tuple(
        SiteFile("/" if path.name == "index.html" else f"/{path.name}", _TYPES[path.suffix], path.read_bytes())
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _TYPES
    )
