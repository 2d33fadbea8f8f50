"""The answer to a request that is refused, in the form of OpenAI's API, which its client libraries understand.

::

    {"error": {"message": "…", "type": "invalid_request_error", "param": "voice", "code": "voice_not_found"}}
"""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]
"""An application of ASGI 3."""

_SERVER_FAULTS = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused.

    Attributes
    ----------
    status : int
        HTTP status.
    message : str
        What is wrong and what to do, for people.
    code : str
        The same, for programs.
    param : str | None
        The field of the request that is wrong.
    headers : Mapping[str, str]
        Further headers, such as ``Retry-After``.
    """

    status: int
    message: str
    code: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, dict[str, str | None]]:
        """Return the body as JSON values."""
        kind = "server_error" if self.status >= _SERVER_FAULTS else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def body(self) -> bytes:
        """Return the body; what is no Unicode, such as half of a surrogate pair, is escaped."""
        return json.dumps(self.document(), ensure_ascii=False).encode("utf-8", "backslashreplace")


async def send_refusal(refusal: Refusal, send: Send, *, close: bool = False) -> None:
    """Send a refusal as a whole response.

    Parameters
    ----------
    refusal : Refusal
        What to say.
    send : Send
        Where to.
    close : bool
        Whether the connection ends with it, because the rest of the request is not read.
    """
    body = refusal.body()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    if close:
        headers["connection"] = "close"
    start = {
        "type": "http.response.start",
        "status": refusal.status,
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
