"""Connections that are not waited for: those that send no request, and those that do not take the end of their answer.

uvicorn closes a connection that is idle after an answer, but waits for ever for the first request of one and for the
rest of a request's head; a few hundred such connections would keep everybody else out.
"""

import asyncio
import importlib
from typing import Any, Final

LOOK_SECONDS: Final = 15.0
"""A connection may be so long in such a state, and up to twice as long."""


def watchful_protocol(look_seconds: float = LOOK_SECONDS) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol of HTTP/1.1 with a look at each connection now and then.

    Parameters
    ----------
    look_seconds : float
        Time between two looks; what is found idle or closing by two of them is ended.
    """
    usual: Any = importlib.import_module("uvicorn.protocols.http.h11_impl").H11Protocol

    class Watchful(usual):  # type: ignore[misc]
        """A connection that is looked at."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            """Begin to look."""
            super().connection_made(transport)
            self._former = ""
            self._look_later()

        def connection_lost(self, exc: Exception | None) -> None:
            """End the looks."""
            self._next_look.cancel()
            super().connection_lost(exc)

        def _look_later(self) -> None:
            self._next_look = self.loop.call_later(look_seconds, self._look)

        def _look(self) -> None:
            state = self._state()
            if state and state == self._former:
                self.transport.abort()
                return
            self._former = state
            self._look_later()

        def _state(self) -> str:
            """Return what a connection is waited for; nothing while a request is read or answered."""
            if self.transport.is_closing():
                return "closing"
            return "" if self.cycle is not None and not self.cycle.response_complete else "idle"

    return Watchful
