"""A service at work on loopback, with the bundled voice or with one whose speed a test decides."""

import http.client
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from amhctl.audio.waveform import Waveform
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_voice
from amhctl.inference.longtext import Role
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Chunk, SpokenSegment
from amhctl.inference.voice import Voice
from amhctl.service.access import Access
from amhctl.service.application import Limits, Service
from amhctl.service.shelf import Shelf
from amhctl.text.lines import Line
from amhctl.web.addresses import open_listener
from amhctl.web.lifetime import RunningServer, running

SPEECH = "/v1/audio/speech"
TEXT = "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።"


@cache
def bundled_voice() -> Voice[Any]:
    """Return the bundled voice, loaded once for all tests of a process."""
    return load_voice("m01")


class CountingShelf(Shelf):
    """A shelf whose voice says a second for each chunk it is allowed to, and notes what it is doing.

    Attributes
    ----------
    allowed : threading.Semaphore | None
        A chunk takes one; None allows all.
    """

    def __init__(self, chunks: int, allowed: threading.Semaphore | None = None) -> None:
        super().__init__([bundled_voice()])
        self.allowed = allowed
        self.begun = 0
        self.made = 0
        self.ended = 0
        self._chunks = chunks

    def speak(
        self, role: Role, lines: Iterable[Line], options: SpeakOptions, cast: Mapping[str, Role]
    ) -> Iterator[Chunk]:
        """Yield seconds of a quiet tone."""
        voice, text = role.voice, "".join(line.text for line in lines)
        samples = (0.1 * np.sin(np.arange(voice.sample_rate) * 0.1)).astype(np.float32)
        self.begun += 1
        try:
            for number in range(self._chunks):
                if self.allowed is not None:
                    self.allowed.acquire()
                self.made += 1
                segment = SpokenSegment(text, Seconds(number), Seconds(1.0), Seconds(0.0), 3, 1, True)
                yield Chunk(Waveform(samples, voice.sample_rate), segment, None)
        finally:
            self.ended += 1


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def error(self) -> dict[str, str]:
        """The error that it says."""
        error: dict[str, str] = json.loads(self.content)["error"]
        return error


@dataclass(frozen=True)
class Served:
    """A service at work."""

    server: RunningServer
    service: Service

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url

    def connect(self, timeout: float = 30.0) -> http.client.HTTPConnection:
        """Return a connection of its own."""
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=timeout)

    def ask(
        self, path: str, body: bytes | None = None, *, method: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """Ask and return the whole answer."""
        connection = self.connect()
        try:
            kind = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method or ("GET" if body is None else "POST"), path, body, {**kind, **(headers or {})})
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def speak(self, headers: dict[str, str] | None = None, **changes: Any) -> Answer:
        """Ask for speech."""
        return self.ask(SPEECH, json.dumps(speech_body(**changes)).encode(), headers=headers)

    def figures(self) -> dict[str, float]:
        """Return the figures of the service by their names, with the labels."""
        lines = self.service.meters.text().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def speech_body(**changes: Any) -> dict[str, Any]:
    """Return the body of a request for a short text, with changes."""
    return {"model": "m01", "voice": "m01", "input": TEXT, "response_format": "wav", **changes}


@contextmanager
def served(
    shelf: Shelf | None = None, limits: Limits | None = None, access: Access | None = None, grace: float = 10.0
) -> Iterator[Served]:
    """Yield a service at work."""
    service = Service(shelf or Shelf([bundled_voice()]), limits or Limits(), access or Access())
    listener = open_listener("127.0.0.1", 0)
    with running(service.app, listener, grace=Seconds(grace), most_connections=512) as server:
        yield Served(server, service)
