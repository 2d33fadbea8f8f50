"""Connections without a request, or whose answer is not taken, are ended; those that are answered are not."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from amhctl.core.units import Seconds
from amhctl.web import lifetime
from amhctl.web.addresses import open_listener
from amhctl.web.lifetime import RunningServer, running
from amhctl.web.patience import watchful_protocol
from amhctl.web.refusal import App, Receive, Scope, Send

ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answering(size: int, seconds: float) -> App:
    """Return an application that answers so many bytes after so many seconds."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        await asyncio.sleep(seconds)
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})

    return app


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, app: App) -> Iterator[RunningServer]:
    monkeypatch.setattr(lifetime, "watchful_protocol", lambda: watchful_protocol(0.2))
    with running(app, open_listener("127.0.0.1", 0), grace=Seconds(60.0), most_connections=10) as server:
        yield server


def connect(server: RunningServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc"], ids=["nothing", "half a head"])
def test_a_connection_without_a_request_is_ended(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    with served(monkeypatch, answering(1, 0.0)) as server, connect(server) as connection:
        connection.sendall(sent)
        begun = time.monotonic()
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert 0.15 < time.monotonic() - begun < 4


def test_who_is_being_answered_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, answering(4, 1.0)) as server, connect(server) as connection:
        connection.sendall(ASK)
        time.sleep(1.1)
        assert connection.recv(4_000).endswith(b"\r\n\r\nxxxx")


def test_a_stop_does_not_wait_for_an_answer_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, answering(60_000_000, 0.0)) as server, connect(server) as connection:
        connection.sendall(ASK)
        time.sleep(0.3)
        begun = time.monotonic()
        server.stop()
        server.wait()
        assert time.monotonic() - begun < 10
