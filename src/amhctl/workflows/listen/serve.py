"""``amhctl listen serve``: the page of a listening test, and a database of the answers."""

import importlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from amhctl.core.errors import EvaluationError, OptionError
from amhctl.core.lock import hold
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.core.units import Seconds
from amhctl.evaluation.listening.design import PAGE_FILE, PAGE_FOLDER, RATINGS_FILE, ListeningTest, read_test
from amhctl.evaluation.listening.store import open_store
from amhctl.web.addresses import is_loopback, open_listener
from amhctl.web.extra import require_server_libraries
from amhctl.web.lifetime import running, serve_until_signal

_GRACE = Seconds(5.0)
_MOST_CONNECTIONS = 500
LOCK_FILE = ".lock"


@dataclass(frozen=True, slots=True)
class ServeListeningRequest:
    """Which test is served, and where.

    Attributes
    ----------
    folder : Path
        Of the test.
    host : str
        Address to listen at.
    port : int
        Port; 0 is a free one.
    site : str
        Origin of a proxy through which people come; empty if there is none.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8080
    site: str = ""


@dataclass(frozen=True, slots=True)
class ServeListeningReport(PlainReport):
    """What a server received until it ended."""

    url: str
    seconds: float
    raters: int
    ratings: int
    database: Path

    def payload(self) -> dict[str, object]:
        """Return where it listened, and how many answers there are now."""
        return {
            "url": self.url,
            "seconds": round(self.seconds, 1),
            "raters": self.raters,
            "ratings": self.ratings,
            "database": str(self.database),
        }

    def lines(self) -> Iterable[str]:
        """Return one line."""
        yield f"{self.database}: {self.ratings} ratings of {self.raters} people"


def run(request: ServeListeningRequest, progress: Progress) -> ServeListeningReport:
    """Serve until a signal ends it.

    Raises
    ------
    MissingExtra
        If the libraries of a server are not installed.
    OptionError
        If the site is not an origin.
    EvaluationError
        If the folder holds no test, or its ratings cannot be used.
    InUseError
        If another process serves it.
    ServerError
        If nothing can listen at the address.
    """
    _require_origin(request.site)
    require_server_libraries()
    test = read_test(request.folder)
    _require_page(request.folder, test)
    # Imported here, where its libraries are known to be there.
    server_module = importlib.import_module("amhctl.evaluation.listening.server")
    path = request.folder / RATINGS_FILE
    with (
        hold(request.folder / LOCK_FILE, what="the listening test"),
        open_listener(request.host, request.port) as listener,
        open_store(path, test) as store,
    ):
        on_loopback = is_loopback(request.host)
        app = server_module.build_app(request.folder, test, store, on_loopback=on_loopback, site=request.site)
        begun = time.monotonic()
        with running(app, listener, grace=_GRACE, most_connections=_MOST_CONNECTIONS) as server:
            serve_until_signal(server, lambda url: progress.say(f"listening on {url}"))
        people, ratings = store.count()
        return ServeListeningReport(server.url, time.monotonic() - begun, people, ratings, path)


def _require_origin(site: str) -> None:
    parts = urlsplit(site)
    if site and (
        parts.scheme not in ("http", "https") or not parts.netloc or site != f"{parts.scheme}://{parts.netloc}"
    ):
        raise OptionError(
            "the site is not an origin: scheme and host, without a path",
            subject=f"--site {site}",
            hint="for example --site https://voice.example",
        )


def _require_page(folder: Path, test: ListeningTest) -> None:
    """Refuse a test whose page or sounds are gone."""
    page = folder / PAGE_FOLDER
    wanted = [page / PAGE_FILE, *(page / "audio" / stimulus.file for stimulus in test.stimuli)]
    absent = [path for path in wanted if not path.is_file()]
    if absent:
        raise EvaluationError(
            f"{len(absent)} of {len(wanted)} files of the page are not there",
            subject=str(absent[0]),
            hint="copy the whole folder, or create the test again",
        )
