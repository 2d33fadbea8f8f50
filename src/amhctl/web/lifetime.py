"""Starting an HTTP server and ending it well: who is being answered is answered, nobody else is taken on.

Loads uvicorn when a server starts.
"""

import importlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from amhctl.core.errors import ServerError
from amhctl.core.units import Seconds
from amhctl.web.addresses import url_of
from amhctl.web.patience import watchful_protocol
from amhctl.web.refusal import App

if TYPE_CHECKING:
    import uvicorn

_LOOK_SECONDS = 0.02
_JOIN_SECONDS = 0.2
_IDLE_SECONDS = 5
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class RunningServer:
    """A server at work in a thread; made by ``running``.

    Attributes
    ----------
    url : str
        Where it listens.
    """

    def __init__(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        self.url = url_of(listener)
        self._server = server
        self._faults: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(listener,), name="http", daemon=True)

    @property
    def stopping(self) -> bool:
        """Whether it accepts no more requests."""
        return bool(self._server.should_exit)

    def stop(self) -> None:
        """Accept no more requests and end when all are answered, or the time for that is up; twice ends at once."""
        if self._server.should_exit:
            self._server.force_exit = True
        self._server.should_exit = True

    def wait(self) -> None:
        """Return when it has ended."""
        # In short steps: some systems do not interrupt a longer wait for a signal.
        while self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)
        if self._faults:
            raise self._faults[0]

    def _start(self) -> None:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self.wait()
                raise ServerError("the server could not start", self.url)
            time.sleep(_LOOK_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        try:
            self._server.run(sockets=[listener])
        except BaseException as fault:  # noqa: BLE001  (it is raised again, where the server is waited for)
            self._faults.append(fault)


@contextmanager
def running(app: App, listener: socket.socket, *, grace: Seconds, most_connections: int) -> Iterator[RunningServer]:
    """Yield a server once it answers; leaving the context stops it and waits.

    Parameters
    ----------
    app : App
        What answers.
    listener : socket.socket
        Where it listens (``open_listener``); closed at the end.
    grace : Seconds
        How long requests may take to end after a stop; what takes longer is cancelled.
    most_connections : int
        Connections at a time; requests on further ones are answered with status 503.

    Raises
    ------
    ServerError
        If it cannot start.
    """
    uvicorn: Any = importlib.import_module("uvicorn")
    config = uvicorn.Config(
        app,
        # One answer for all: what httptools and uvloop do differently would be found only where they are installed.
        http=watchful_protocol(),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=max(1, round(grace)),
        limit_concurrency=most_connections,
    )
    server = RunningServer(uvicorn.Server(config), listener)
    # uvicorn closes it too, but not where it could not start.
    with listener:
        server._start()
        try:
            yield server
        finally:
            if not server.stopping:
                server.stop()
            server.wait()


def serve_until_signal(server: RunningServer, ready: Callable[[str], None]) -> None:
    """Return when the server has ended after SIGTERM, SIGINT or SIGHUP; a second signal does not wait for requests.

    Parameters
    ----------
    server : RunningServer
        The server; the caller is the main thread.
    ready : Callable[[str], None]
        Told the URL once signals are handled.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    before = {number: signal.signal(number, end) for number in _ENDING if signal.getsignal(number) != signal.SIG_IGN}
    try:
        ready(server.url)
        server.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
