"""Figures: counted once each, also answers that were cut off, in a registry of their own."""

import asyncio

from amhctl.service.meters import Meters
from amhctl.web.refusal import Message, Receive, Scope, Send


def answer(meters: Meters, path: str, messages: list[Message]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        del message

    asyncio.run(meters.counting(app)({"type": "http", "path": path}, receive, send))


def test_answers_are_counted_by_how_they_ended() -> None:
    meters = Meters()
    start, part = {"type": "http.response.start", "status": 200}, {"type": "http.response.body", "more_body": True}
    end = {"type": "http.response.body"}
    answer(meters, "/v1/audio/speech", [start, part, end])
    answer(meters, "/v1/audio/speech", [start, part])
    answer(meters, "/v1/reading", [])
    answer(meters, "/" + "x" * 99, [{**start, "status": 404}, end])
    text = meters.text().decode()
    for kind, status in (("speech", "200"), ("speech", "incomplete"), ("reading", "incomplete"), ("other", "404")):
        assert f'amhctl_requests_total{{kind="{kind}",status="{status}"}} 1.0' in text
    assert meters.total("amhctl_requests") == 4
    assert Meters().total("amhctl_requests") == 0
