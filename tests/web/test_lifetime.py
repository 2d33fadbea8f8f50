"""A server's life, with a real uvicorn: answers, stops after what it answers, ends by a signal, fails to start."""

import asyncio
import http.client
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any

import pytest

from amhctl.core.errors import ServerError
from amhctl.core.units import Seconds
from amhctl.web.addresses import open_listener
from amhctl.web.lifetime import running, serve_until_signal
from amhctl.web.refusal import Receive, Scope, Send


class Slow:
    """Answers after so many seconds, and notes what it was told."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked = threading.Event()
        self.ended: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                self.ended.append(step)
                await send({"type": f"lifespan.{step}.complete"})
            return
        self.asked.set()
        await asyncio.sleep(self.seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"well"})


def served(app: Any, grace: float = 5.0) -> Any:
    return running(app, open_listener("127.0.0.1", 0), grace=Seconds(grace), most_connections=10)


def read(url: str, into: list[bytes] | None = None) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        content: bytes = response.read()
    if into is not None:
        into.append(content)
    return content


def left_alone(url: str) -> None:
    """Ask, and be cut off."""
    with suppress(OSError, http.client.HTTPException):
        read(url)


def test_it_answers_and_is_gone_afterwards() -> None:
    app = Slow()
    with served(app) as server:
        assert read(server.url) == b"well"
    assert app.ended == ["startup", "shutdown"]
    with pytest.raises(urllib.error.URLError):
        read(server.url)


def test_who_is_being_answered_is_answered_after_a_stop_and_nobody_else() -> None:
    app, answers = Slow(0.5), list[bytes]()
    with served(app) as server:
        client = threading.Thread(target=read, args=(server.url, answers))
        client.start()
        assert app.asked.wait(5)
        server.stop()
        time.sleep(0.2)
        with pytest.raises(urllib.error.URLError):
            read(server.url)
        server.wait()
        client.join()
    assert answers == [b"well"]


def test_a_signal_stops_it_and_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with served(Slow()) as server:
        begun = time.monotonic()
        serve_until_signal(server, ready=lambda url: os.kill(os.getpid(), signal.SIGTERM))
        assert time.monotonic() - begun < 3
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_does_not_wait_for_requests() -> None:
    app = Slow(20.0)
    with served(app, grace=20.0) as server:

        def ready(url: str) -> None:
            threading.Thread(target=left_alone, args=(url,), daemon=True).start()
            assert app.asked.wait(5)
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

        begun = time.monotonic()
        serve_until_signal(server, ready)
        assert time.monotonic() - begun < 5


def test_an_application_that_cannot_start_is_an_error() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises((ServerError, SystemExit)), served(broken):
        pass
