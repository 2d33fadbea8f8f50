"""Guards before an application: who may ask, from which pages, and how much; each wraps another application.

They know no route. A guard answers a request that it refuses by itself; the application does not see it.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from amhctl.core.units import Seconds
from amhctl.web.addresses import is_loopback
from amhctl.web.refusal import App, Message, Receive, Refusal, Scope, Send, send_refusal

# A client that sends all before it reads finds the answer then; more than this is nobody's mistake.
_DISCARDED_BYTES = 16 << 20
_DISCARDING_SECONDS = 5.0
_NO_ORIGIN = "null"


@dataclass(frozen=True, slots=True)
class RequireLocalHost:
    """Refuses requests that name another host than this machine: a page of elsewhere whose name now points here.

    For servers on loopback only; others are reached by names that they do not know.

    Attributes
    ----------
    app : App
        What is guarded.
    allowed : Collection[str]
        Hosts of a proxy before the server, such as ``voice.example``, with their port if they have one.
    """

    app: App
    allowed: Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        host = _header(scope, b"host") if scope["type"] == "http" else ""
        if scope["type"] != "http" or host in self.allowed or is_loopback(_without_port(host)):
            await self.app(scope, receive, send)
            return
        message = "the Host header names another machine: use http://127.0.0.1 or localhost"
        await send_refusal(Refusal(403, message, "host_not_allowed"), send)


@dataclass(frozen=True, slots=True)
class RequireOrigin:
    """Refuses requests that a browser sends for a page of another site, unless that site is allowed.

    Browsers send the header ``Origin`` for every such request; programs send none.

    Attributes
    ----------
    app : App
        What is guarded.
    allowed : Collection[str]
        Origins such as ``https://news.example``.
    """

    app: App
    allowed: Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = _header(scope, b"origin") if scope["type"] == "http" else ""
        if not origin or origin in self.allowed or _is_own(origin, _header(scope, b"host")):
            await self.app(scope, receive, send)
            return
        message = "pages of other sites may not use this server, unless it allows them"
        await send_refusal(Refusal(403, message, "origin_not_allowed"), send)


@dataclass(frozen=True, slots=True)
class RequireKey:
    """Refuses requests without the key, as ``Authorization: Bearer KEY``.

    Attributes
    ----------
    app : App
        What is guarded.
    digest : bytes
        SHA-256 of the key (``digest_key``), compared in a time that does not depend on what is sent.
    public : Collection[str]
        Paths that need no key.
    """

    app: App
    digest: bytes
    public: Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # A browser asks without a key whether it may send one.
        free = scope["type"] != "http" or scope["path"] in self.public or scope["method"] == "OPTIONS"
        if free or self._is_known(_header(scope, b"authorization")):
            await self.app(scope, receive, send)
            return
        refusal = Refusal(
            401,
            "this server needs an API key: send the header `Authorization: Bearer KEY`",
            "invalid_api_key",
            headers={"WWW-Authenticate": "Bearer"},
        )
        await send_refusal(refusal, send)

    def _is_known(self, header: str) -> bool:
        scheme, _, key = header.partition(" ")
        return hmac.compare_digest(digest_key(key.strip()), self.digest) and scheme.lower() == "bearer"


def digest_key(key: str) -> bytes:
    """Return what is kept of a key and compared."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class LimitBody:
    """Reads the body of each request before the application, and refuses what is too large or too slow.

    Attributes
    ----------
    app : App
        What is guarded.
    most_bytes : int
        The longest body.
    seconds : Seconds
        How long a body may take to come.
    """

    app: App
    most_bytes: int
    seconds: Seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body = await _read_body(receive, self.most_bytes)
        except TimeoutError:
            refusal = Refusal(408, f"the request did not come within {self.seconds:g} s", "request_too_slow")
            await send_refusal(refusal, send, close=True)
            return
        except _TooLongError as fault:
            if not fault.ended:
                await _discard(receive)
            refusal = Refusal(413, f"the request has more than {self.most_bytes} bytes", "request_too_large")
            await send_refusal(refusal, send, close=True)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)


class _TooLongError(Exception):
    """A body is longer than allowed; ``ended`` where nothing more comes, so that there is nothing to wait for."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__()
        self.ended = ended


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """Return the body of a request; None if the client has left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            raise _TooLongError(ended=not message.get("more_body", False))
        if not message.get("more_body", False):
            return bytes(body)


async def _discard(receive: Receive) -> None:
    """Read on and forget, within limits: many clients send everything before they read an answer."""
    left = _DISCARDED_BYTES
    try:
        async with asyncio.timeout(_DISCARDING_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body at once, and then whatever comes from the client."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _header(scope: Scope, name: bytes) -> str:
    """Return a header of a request, or nothing."""
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _without_port(host: str) -> str:
    """Return the name or address in a Host header."""
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def _is_own(origin: str, host: str) -> bool:
    """Return whether a page comes from the host that it asks; a proxy may have changed http to https."""
    return origin != _NO_ORIGIN and urlsplit(origin).netloc == host
