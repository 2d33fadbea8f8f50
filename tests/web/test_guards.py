"""Guards: each lets through what it should and nothing else; the application does not see what is refused."""

import asyncio
from collections.abc import Iterable

import pytest

from amhctl.core.units import Seconds
from amhctl.web.guards import LimitBody, RequireKey, RequireLocalHost, RequireOrigin, digest_key
from amhctl.web.refusal import App, Message, Receive, Scope, Send

HTTP = {"type": "http", "method": "POST", "path": "/v1/audio/speech"}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"] + (await receive())["type"].encode()})


def ask(
    app: App, headers: dict[str, str] | None = None, parts: Iterable[bytes] = (b"",), *, wait: float = 0.0, **scope: str
) -> tuple[int, bytes]:
    """Return status and body of the answer; 0 where there is none. The client leaves after its last part."""
    pending = [*parts]
    messages: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(wait)
        if not pending:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pending.pop(0), "more_body": bool(pending)}

    async def send(message: Message) -> None:
        messages.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    asyncio.run(app({**HTTP, **scope, "headers": pairs}, receive, send))
    return (messages[0]["status"], messages[1]["body"]) if messages else (0, b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("evil.example:8000", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
    ],
)
def test_a_server_of_this_machine_is_asked_by_its_own_name(host: str, status: int) -> None:
    assert ask(RequireLocalHost(echo), {"host": host} if host else None)[0] == status


def test_a_server_behind_a_proxy_is_asked_by_the_proxy_s_name_too() -> None:
    guarded = RequireLocalHost(echo, ("voice.example", "other.example:8443"))
    served = {"voice.example": 200, "other.example:8443": 200, "127.0.0.1": 200, "evil.example": 403}
    for host, status in served.items():
        assert ask(guarded, {"host": host})[0] == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("", 200),
        ("http://127.0.0.1:8000", 200),
        ("https://127.0.0.1:8000", 200),
        ("https://news.example", 200),
        ("http://127.0.0.1:9000", 403),
        ("https://news.example.evil.example", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_sites_are_refused_unless_they_are_allowed(origin: str, status: int) -> None:
    headers = {"host": "127.0.0.1:8000"} | ({"origin": origin} if origin else {})
    assert ask(RequireOrigin(echo, ("https://news.example",)), headers)[0] == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer sésame", 200),
        ("bearer  sésame ", 200),
        ("Bearer sesame", 401),
        ("Bearer", 401),
        ("Basic sésame", 401),
        ("sésame", 401),
        ("", 401),
    ],
)
def test_the_key_is_needed(header: str, status: int) -> None:
    guarded = RequireKey(echo, digest_key("sésame".encode().decode("latin-1")), public=("/",))
    headers = {"authorization": header} if header else None
    assert ask(guarded, headers)[0] == status
    assert ask(guarded, headers, path="/")[0] == 200
    assert ask(guarded, headers, method="OPTIONS")[0] == 200


def test_a_body_comes_whole_and_the_client_is_seen_to_leave() -> None:
    limited = LimitBody(echo, 10, Seconds(5.0))
    assert ask(limited, parts=[b"01234", b"", b"56789"]) == (200, b"0123456789http.disconnect")


def test_a_body_that_is_too_long_is_read_to_its_end_and_refused() -> None:
    seen = []

    def parts() -> Iterable[bytes]:
        for number in range(50):
            seen.append(number)
            yield b"0123456789"

    status, body = ask(LimitBody(echo, 99, Seconds(5.0)), parts=parts())
    assert (status, b"more than 99 bytes" in body, len(seen)) == (413, True, 50)


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    status, body = ask(LimitBody(echo, 99, Seconds(0.05)), parts=[b"0"] * 50, wait=0.02)
    assert (status, b"within 0.05 s" in body) == (408, True)


def test_nobody_is_answered_who_left() -> None:
    assert ask(LimitBody(echo, 99, Seconds(5.0)), parts=[]) == (0, b"")


@pytest.mark.parametrize(
    "guarded",
    [RequireLocalHost, RequireOrigin, lambda app: RequireKey(app, b""), lambda app: LimitBody(app, 0, Seconds(0.0))],
)
def test_start_and_end_of_an_application_pass_every_guard(guarded: type) -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        del message

    asyncio.run(guarded(app)({"type": "lifespan"}, receive, send))
    assert seen == ["lifespan"]
