"""From a stream of spoken pieces to the bytes of one response, with whatever may go wrong on the way.

The status is known once the first piece is made: what cannot be spoken is refused with its reason. After that, speech
that cannot be finished ends as an event that says why, or, where bytes of a sound file are sent, by a connection that
is closed early, so that nobody takes half of it for the whole.
"""

import asyncio
import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from amhctl.audio.encoder import MEDIA_TYPES, Encoding, SoundEncoder
from amhctl.audio.tags import Tags
from amhctl.core.errors import AmhctlError
from amhctl.core.findings import Finding
from amhctl.core.units import Seconds
from amhctl.inference.speech import Chunk, SpokenSegment
from amhctl.service.fault import RequestError, refusal_of
from amhctl.service.meters import Meters
from amhctl.service.told import headers_of, told_of
from amhctl.service.turns import Stream
from amhctl.web.refusal import Refusal, send_refusal

_STOPPING = Refusal(503, "the server is stopping", "stopping")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a sound file.

    Attributes
    ----------
    content : bytes
        The bytes; there may be none.
    seconds : Seconds
        Speech that was made for them.
    segment : SpokenSegment | None
        The segment that was spoken; the last bytes of a file belong to none.
    findings : tuple[Finding, ...]
        What was found in the text since the piece before.
    """

    content: bytes
    seconds: Seconds = Seconds(0.0)  # noqa: RUF009  (a number with a name)
    segment: SpokenSegment | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What to deliver.

    Attributes
    ----------
    encoding : Encoding
        Which sound file.
    as_events : bool
        Whether its bytes come in server-sent events.
    characters : int
        Length of the text.
    seconds : Seconds
        How long the response may take.
    headers : Mapping[str, str]
        What else its headers say.
    """

    encoding: Encoding
    as_events: bool
    characters: int
    seconds: Seconds
    headers: Mapping[str, str] = field(default_factory=dict)


def encode_chunks(chunks: Iterator[Chunk], encoding: Encoding, sample_rate: int, tags: Tags) -> Iterator[Piece]:
    """Yield the pieces of a sound file of chunks that are made meanwhile."""
    encoder = SoundEncoder(encoding, sample_rate, tags)
    for chunk in chunks:
        yield Piece(encoder.push(chunk.waveform), chunk.waveform.duration, chunk.segment, chunk.findings)
    yield Piece(encoder.finish())


class SpeechResponse(Response):
    """The response that delivers a stream and leaves it, however it ends.

    Parameters
    ----------
    stream : Stream[Piece]
        What is made.
    order : Order
        What is delivered of it.
    meters : Meters
        What counts it.
    """

    def __init__(self, stream: Stream[Piece], order: Order, meters: Meters) -> None:
        super().__init__(media_type="text/event-stream" if order.as_events else MEDIA_TYPES[order.encoding])
        # Its length is not known.
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-store"
        self.headers.update(order.headers)
        self._stream = stream
        self._order = order
        self._meters = meters
        self._begun = time.perf_counter()
        self._has_started = False
        self._spoken = 0.0
        self._syllables = 0
        self._found: list[Finding] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deliver."""
        delivering = asyncio.ensure_future(self._deliver(send))
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            await asyncio.wait({delivering, leaving}, timeout=self._order.seconds, return_when=asyncio.FIRST_COMPLETED)
            if delivering.done():
                delivering.result()
            elif not leaving.done():
                await _cancel(delivering)
                await self._end(_too_long(self._order.seconds), send)
        except asyncio.CancelledError:
            # The server ends, and has waited for as long as it may: the connection is closed, which says so.
            await self._end(_STOPPING, send)
        finally:
            await _cancel(delivering)
            await _cancel(leaving)
            self._stream.leave()
            self._meters.sound.inc(self._spoken)

    async def _deliver(self, send: Send) -> None:
        """Send everything, or why not."""
        try:
            async for piece in self._stream:
                self._spoken += piece.seconds
                if piece.segment is not None:
                    self._syllables += piece.segment.syllables
                self._found += piece.findings
                await self._send_piece(piece, send)
        except (AmhctlError, RequestError, MemoryError) as error:
            await self._end(refusal_of(error), send)
            return
        if self._order.as_events:
            await self._send(_event({"type": "speech.audio.done", "usage": self._usage()}), send)
        await self._start(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        self._meters.whole.observe(time.perf_counter() - self._begun)

    async def _send_piece(self, piece: Piece, send: Send) -> None:
        if not self._order.as_events:
            await self._send(piece.content, send)
            return
        event: dict[str, object] = {
            "type": "speech.audio.delta",
            "audio": base64.b64encode(piece.content).decode("ascii"),
        }
        if piece.segment is not None:
            event["segment"] = {
                "text": piece.segment.text,
                "start": round(float(piece.segment.start), 3),
                "seconds": round(float(piece.segment.seconds), 3),
            }
        if piece.findings:
            event["findings"] = [told_of(finding) for finding in piece.findings]
        await self._send(_event(event), send)

    async def _send(self, content: bytes, send: Send) -> None:
        if not content:
            return
        await self._start(send)
        await send({"type": "http.response.body", "body": content, "more_body": True})

    async def _start(self, send: Send) -> None:
        if self._has_started:
            return
        self._has_started = True
        self.headers.update(headers_of(self._found))
        self._meters.first_byte.observe(time.perf_counter() - self._begun)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _end(self, refusal: Refusal, send: Send) -> None:
        """Say why there is no speech, or no more of it."""
        if not self._has_started:
            await send_refusal(refusal, send)
        elif self._order.as_events:
            await send({"type": "http.response.body", "body": _event({"type": "error", **refusal.document()})})
        # Else the connection is closed without an end of the body, since none is sent.

    def _usage(self) -> dict[str, int]:
        """Return characters in and syllables out, where OpenAI's API counts tokens."""
        read, spoken = self._order.characters, self._syllables
        return {"input_tokens": read, "output_tokens": spoken, "total_tokens": read + spoken}


def _event(value: dict[str, object]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode("utf-8", "backslashreplace")


def _too_long(seconds: Seconds) -> Refusal:
    return Refusal(504, f"the speech was not delivered within {seconds:g} s: give a shorter text", "request_timeout")


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel(task: "asyncio.Future[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
