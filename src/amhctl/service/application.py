"""The routes of the service, the order of its guards, and its limits.

======================= =======================================================================
route                   answers
======================= =======================================================================
POST /v1/audio/speech   speech, as OpenAI's API does
POST /v1/reading        how a text is read: rules, words, phones
GET /v1/models          the voices, as OpenAI's API lists models
GET /v1/models/{model}  one of them
GET /v1/voices          their speakers
GET /health             whether requests are taken
GET /metrics            figures for Prometheus
GET /                   the page, and its files
======================= =======================================================================
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from amhctl import __version__
from amhctl.audio.aac import has_aac
from amhctl.audio.encoder import MEDIA_TYPES, Encoding
from amhctl.core.errors import AmhctlError
from amhctl.core.units import Seconds
from amhctl.service.access import MODEL_HEADER, VOICE_HEADER, Access, guard
from amhctl.service.body import ReadingBody, SpeechBody
from amhctl.service.delivery import Order, SpeechResponse
from amhctl.service.fault import RequestError, refusal_of, refusal_of_body
from amhctl.service.making import make_speech
from amhctl.service.meters import MEDIA_TYPE, Meters
from amhctl.service.reading import Reading, read_text
from amhctl.service.shelf import ServedVoice, Shelf
from amhctl.service.site import SiteFile, read_site
from amhctl.service.turns import Stream, Turns, TurnsFullError
from amhctl.text.passage import read_passage
from amhctl.web.refusal import App, Refusal

# JSON may write a character as \uXXXX, or as two of these; a lexicon and the other fields have the rest.
_BYTES_OF_CHARACTER = 12
_OTHER_BYTES = 64 << 10
_SHOWN = 100
_HEALTH = "/health"
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server does at most.

    Attributes
    ----------
    characters : int
        Longest text of a request.
    seconds : float
        Longest time of a request, from its last byte to the last byte of the answer.
    open_requests : int
        Requests that are spoken or wait for it.
    workers : int
        Threads that speak.
    """

    characters: int = 10_000
    seconds: float = 300.0
    open_requests: int = 32
    workers: int = 1

    @property
    def body_bytes(self) -> int:
        """Longest body of a request."""
        return self.characters * _BYTES_OF_CHARACTER + _OTHER_BYTES


class Service:
    """The application with its guards.

    Parameters
    ----------
    shelf : Shelf
        The voices.
    limits : Limits
        What it does at most.
    access : Access
        Who may ask.

    Attributes
    ----------
    app : App
        The application.
    meters : Meters
        What it counts.
    """

    def __init__(self, shelf: Shelf, limits: Limits, access: Access) -> None:
        self.meters = Meters()
        self._shelf = shelf
        self._limits = limits
        self._turns: Turns | None = None
        self._begun = int(time.time())
        site = read_site()
        routes = FastAPI(title="amhctl", version=__version__, docs_url=None, redoc_url=None, lifespan=self._lifespan())
        self._add_routes(routes)
        for file in site:
            routes.add_api_route(file.route, _give(file), methods=["GET", "HEAD"], include_in_schema=False)
        _add_errors(routes)
        guarded = guard(routes, limits.body_bytes, access, (_HEALTH, *(file.route for file in site)))
        self.app: App = self.meters.counting(guarded)

    def _add_routes(self, routes: FastAPI) -> None:
        routes.post("/v1/audio/speech", response_class=Response)(self._speech)
        routes.post("/v1/reading")(self._reading)
        routes.get("/v1/models")(self._models)
        routes.get("/v1/models/{model}")(self._model)
        routes.get("/v1/voices")(self._voices)
        routes.get(_HEALTH)(self._health)
        routes.get("/metrics", response_class=Response)(self._metrics)

    def _lifespan(self) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def live(_app: FastAPI) -> AsyncIterator[None]:
            self._turns = Turns(self._limits.workers, self._limits.open_requests)
            try:
                yield
            finally:
                self._turns.close()

        return live

    async def _speech(self, body: SpeechBody) -> Response:
        """Speak a text."""
        served = self._shelf.require_voice(body.model, body.voice_name)
        if body.response_format not in formats():
            message = (
                f"aac cannot be written here: it needs pip install 'amhctl[aac]'; use one of: {', '.join(formats())}"
            )
            raise RequestError(400, message, "format_not_supported", "response_format")
        if body.instructions:
            raise RequestError(
                400, "this voice follows no instructions: leave them out", "instructions_not_supported", "instructions"
            )
        self._require_text(body.input)
        encoding = body.response_format
        order = Order(
            encoding, body.stream_format == "sse", len(body.input), Seconds(self._limits.seconds), _headers_of(served)
        )
        return SpeechResponse(self._admit(make_speech(self._shelf, served, body, encoding)), order, self.meters)

    async def _reading(self, body: ReadingBody) -> JSONResponse:
        """Say how a text is read."""
        model = self._shelf.require_model(body.model)
        self._require_text(body.input)

        def make() -> Iterator[Reading]:
            yield read_text(self._shelf.with_words(model, body.lexicon), read_passage(body.input, body.input_type))

        stream = self._admit(make())
        try:
            document = (await anext(stream)).document()
        finally:
            stream.leave()
        return JSONResponse(document)

    async def _models(self) -> dict[str, object]:
        """List the voices."""
        names = (*self._shelf.models, *self._shelf.model_aliases)
        return {"object": "list", "data": [self._describe(name) for name in names]}

    async def _model(self, model: str) -> dict[str, object]:
        """Describe one voice."""
        self._shelf.require_model(model)
        return self._describe(model)

    def _describe(self, name: str) -> dict[str, object]:
        root = self._shelf.model_aliases.get(name, name)
        return {"id": name, "object": "model", "created": self._begun, "owned_by": "amhctl", "root": root}

    async def _voices(self) -> dict[str, object]:
        """List the speakers of the voices, and what each can do."""
        voices = []
        for served in self._shelf.served:
            voice = self._shelf.models[served.model]
            slowest, fastest = voice.speeds
            voices.append(
                {
                    "id": served.name,
                    "object": "voice",
                    "model": served.model,
                    "aliases": self._shelf.aliases_of(served),
                    "language": voice.manifest.language,
                    "sample_rate": voice.sample_rate,
                    "speeds": [slowest, fastest],
                    "licences": [f"{one.work}: {one.licence}" for one in voice.licences],
                }
            )
        return {
            "object": "list",
            "data": voices,
            "formats": list(formats()),
            "most_characters": self._limits.characters,
        }

    async def _health(self) -> dict[str, object]:
        """Say that requests are taken, and how many there are."""
        return {
            "status": "ok",
            "version": __version__,
            "open_requests": self._open(),
            "most": self._limits.open_requests,
        }

    async def _metrics(self) -> Response:
        """Give figures for Prometheus."""
        self.meters.open.set(self._open())
        return Response(self.meters.text(), media_type=MEDIA_TYPE)

    def _open(self) -> int:
        return self._turns.open if self._turns is not None else 0

    def _require_text(self, text: str) -> None:
        most = self._limits.characters
        if len(text) > most:
            raise RequestError(
                400,
                f"the text has {len(text)} characters, and this server speaks {most} at most",
                "text_too_long",
                "input",
            )
        self.meters.characters.inc(len(text))

    def _admit(self, items: Iterator[ItemT]) -> Stream[ItemT]:
        if self._turns is None:
            raise RequestError(503, "the server is starting", "starting", headers={"Retry-After": "1"})
        try:
            return self._turns.admit(items)
        except TurnsFullError as full:
            raise RequestError(
                429,
                f"{self._limits.open_requests} requests are spoken or wait for it: try again later",
                "rate_limit_exceeded",
                headers={"Retry-After": str(full.retry_after)},
            ) from None


def formats() -> tuple[Encoding, ...]:
    """Return the sound files that can be made on this machine."""
    return tuple(name for name in MEDIA_TYPES if name != "aac" or has_aac())


def _headers_of(served: ServedVoice) -> dict[str, str]:
    """Return the headers that say who speaks, whatever name was asked for; other letters than ASCII are escaped."""
    return {MODEL_HEADER: quote(served.model), VOICE_HEADER: quote(served.name)}


def _give(file: SiteFile) -> Callable[[], Response]:
    async def give() -> Response:
        return Response(file.content, media_type=file.media_type, headers={"cache-control": "no-cache"})

    return give  # type: ignore[return-value]


def _add_errors(routes: FastAPI) -> None:
    def answer(refusal: Refusal) -> JSONResponse:
        return JSONResponse(refusal.document(), refusal.status, headers=dict(refusal.headers))

    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(refusal_of_body(error.errors()))

    async def refused(_request: Request, error: Exception) -> JSONResponse:
        return answer(refusal_of(error))

    async def unknown(request: Request, error: HTTPException) -> JSONResponse:
        messages = {
            404: f"there is no {request.url.path[:_SHOWN]}",
            405: f"{request.method} is not allowed here",
            400: "the body cannot be read: send a JSON object",
        }
        message = messages.get(error.status_code, str(error.detail))
        return answer(Refusal(error.status_code, message, "invalid_request", headers=error.headers or {}))

    routes.add_exception_handler(RequestValidationError, invalid)  # type: ignore[arg-type]
    routes.add_exception_handler(RequestError, refused)
    routes.add_exception_handler(AmhctlError, refused)
    routes.add_exception_handler(HTTPException, unknown)  # type: ignore[arg-type]
    routes.add_exception_handler(Exception, refused)
