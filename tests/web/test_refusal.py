"""Refusals: the form of OpenAI's API, whatever text they repeat."""

import asyncio
import json

from amhctl.web.refusal import Message, Refusal, send_refusal


def sent(refusal: Refusal, *, close: bool = False) -> tuple[int, dict[bytes, bytes], bytes]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(send_refusal(refusal, send, close=close))
    start, body = messages
    return start["status"], dict(start["headers"]), body["body"]


def test_a_refusal_is_a_whole_response() -> None:
    refusal = Refusal(429, "ብዙ", "busy", "input", {"Retry-After": "3"})
    status, headers, body = sent(refusal)
    assert (status, headers[b"retry-after"], headers[b"content-type"]) == (429, b"3", b"application/json")
    assert int(headers[b"content-length"]) == len(body)
    assert b"connection" not in headers
    assert json.loads(body) == {
        "error": {"message": "ብዙ", "type": "invalid_request_error", "param": "input", "code": "busy"}
    }
    assert sent(refusal, close=True)[1][b"connection"] == b"close"


def test_faults_of_the_server_are_said_to_be_its_own() -> None:
    assert Refusal(503, "stopping", "stopping").document()["error"]["type"] == "server_error"


def test_what_is_no_unicode_is_escaped() -> None:
    assert json.loads(sent(Refusal(400, "half \ud800", "odd"))[2])["error"]["message"] == "half \ud800"
