"""Who may use the service, and the order of its guards."""

from dataclasses import dataclass
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from amhctl.core.units import Seconds
from amhctl.service.site import HEADERS
from amhctl.web.guards import LimitBody, RequireKey, RequireLocalHost, RequireOrigin
from amhctl.web.refusal import App, Message, Receive, Scope, Send

MODEL_HEADER, VOICE_HEADER = "x-amhctl-model", "x-amhctl-voice"
"""Who speaks."""
FINDINGS_HEADER, FINDINGS_COUNT_HEADER = "x-amhctl-findings", "x-amhctl-findings-count"
"""What of a text is not understood, as JSON, and how many such findings there are."""
_BODY_SECONDS = Seconds(30.0)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask.

    Attributes
    ----------
    key_digest : bytes | None
        SHA-256 of the API key; None where none is needed.
    origins : tuple[str, ...]
        Other sites whose pages may ask.
    only_local : bool
        Whether the server listens on loopback, and is asked by a name of this machine.
    """

    key_digest: bytes | None = None
    origins: tuple[str, ...] = ()
    only_local: bool = True


def guard(routes: App, most_bytes: int, access: Access, public: tuple[str, ...]) -> App:
    """Return an application within its guards.

    Parameters
    ----------
    routes : App
        The application.
    most_bytes : int
        Longest body of a request.
    access : Access
        Who may ask.
    public : tuple[str, ...]
        Paths that need no key.
    """
    # The outermost comes last: what is refused by who asks is not read.
    guarded: Any = LimitBody(routes, most_bytes, _BODY_SECONDS)
    if access.key_digest is not None:
        guarded = RequireKey(guarded, access.key_digest, public)
    if access.origins:
        guarded = CORSMiddleware(
            guarded,
            allow_origins=access.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After", MODEL_HEADER, VOICE_HEADER, FINDINGS_HEADER, FINDINGS_COUNT_HEADER],
        )
    guarded = RequireOrigin(guarded, access.origins)
    if access.only_local:
        guarded = RequireLocalHost(guarded)
    return _with_headers(guarded)


def _with_headers(app: App) -> App:
    """Return the application with the headers that protect browsers on every answer."""
    pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in HEADERS.items()]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *pairs]}
            await send(message)

        await app(scope, receive, with_headers)

    return guarded
