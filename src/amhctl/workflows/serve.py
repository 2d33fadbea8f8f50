"""``amhctl serve``: voices as an HTTP service, until a signal ends it."""

import importlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amhctl.checkpoint.licences import require_commercial
from amhctl.config.load import load_run_config
from amhctl.config.schema import PathsConfig, RunConfig
from amhctl.config.sources import API_KEY, has_settings
from amhctl.core.documents import read_limited
from amhctl.core.errors import ConfigError, OptionError
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.voice import Voice
from amhctl.text.lexicon_file import read_lexicons
from amhctl.web.addresses import is_loopback, open_listener
from amhctl.web.extra import require_server_libraries
from amhctl.web.guards import digest_key
from amhctl.web.lifetime import running, serve_until_signal

if TYPE_CHECKING:
    from amhctl.service.application import Service
    from amhctl.service.shelf import Shelf

KEY_VARIABLE = API_KEY
_SHORTEST_KEY = 16
# Beside the requests that are spoken: refusals, the page, figures, and browsers that keep connections open.
_OTHER_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What ``amhctl serve`` was asked.

    Attributes
    ----------
    voices : tuple[str, ...]
        Bundled names or folders.
    host, port : object
        Where to listen; port 0 is a free one.
    key_file : Path | None
        File with the API key; None reads the environment variable ``AMHCTL_API_KEY``.
    origins : tuple[str, ...]
        Other sites whose pages may use the server.
    aliases : tuple[tuple[str, str], ...]
        Other names of models and speakers, and what each stands for; those of the project are kept.
    openai_names : bool | None
        Whether OpenAI's names are aliases; None for what the project says.
    workers : int
        Threads that speak.
    queue : int
        Requests that are spoken or wait for it.
    most_characters : int
        Longest text of a request.
    most_seconds : float
        Longest time of a request.
    grace : float
        Seconds that requests have to end after a signal.
    project : Path | None
        Project whose lexicons are read.
    lexicons : tuple[Path, ...]
        Lexicons in place of the project's.
    commercial : bool
        Whether works whose licence forbids commercial use are refused.
    device : str
        Where to compute.
    """

    voices: tuple[str, ...] = (DEFAULT_VOICE,)
    host: str = "127.0.0.1"
    port: int = 8000
    key_file: Path | None = None
    origins: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    openai_names: bool | None = None
    workers: int = 1
    queue: int = 32
    most_characters: int = 10_000
    most_seconds: float = 300.0
    grace: float = 30.0
    project: Path | None = None
    lexicons: tuple[Path, ...] = ()
    commercial: bool = False
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class ServeReport(PlainReport):
    """What a server did until it ended."""

    url: str
    seconds: float
    requests: int
    speech_seconds: float

    def payload(self) -> dict[str, object]:
        """Return where it listened, for how long, and what it did."""
        return {
            "url": self.url,
            "seconds": round(self.seconds, 1),
            "requests": self.requests,
            "speech_seconds": round(self.speech_seconds, 1),
        }

    def lines(self) -> Iterable[str]:
        """Return one line."""
        yield (
            f"{self.url}: ended after {self.seconds:.0f} s; {self.requests} requests, "
            f"{self.speech_seconds:.0f} s of speech"
        )


def run(request: ServeRequest, progress: Progress) -> ServeReport:
    """Serve until a signal ends it.

    Raises
    ------
    MissingExtra
        If the libraries of a server are not installed.
    OptionError
        If an API key is needed and there is none, or it is too short.
    ServerError
        If nothing can listen at the address.
    AmhctlError
        If a voice or lexicon cannot be used.
    """
    require_server_libraries()
    digest = _read_key(request)
    _require_origins(request.origins)
    with open_listener(request.host, request.port) as listener:
        service = _build(request, digest, progress)
        begun = time.monotonic()
        most = request.queue + _OTHER_CONNECTIONS
        with running(service.app, listener, grace=Seconds(request.grace), most_connections=most) as server:
            serve_until_signal(server, lambda url: progress.say(f"listening on {url}"))
        return ServeReport(
            url=server.url,
            seconds=time.monotonic() - begun,
            requests=round(service.meters.total("amhctl_requests")),
            speech_seconds=service.meters.total("amhctl_speech_seconds"),
        )


def _build(request: ServeRequest, digest: bytes | None, progress: Progress) -> "Service":
    # Imported here, where its libraries are known to be there.
    application = importlib.import_module("amhctl.service.application")
    shelf = _open_shelf(request, progress)
    shelf.warm()
    limits = application.Limits(
        characters=request.most_characters,
        seconds=Seconds(request.most_seconds),
        open_requests=request.queue,
        workers=request.workers,
    )
    access = application.Access(digest, request.origins, is_loopback(request.host))
    service: Service = application.Service(shelf, limits, access)
    return service


def _open_shelf(request: ServeRequest, progress: Progress) -> "Shelf":
    """Return the voices with all their names."""
    settings = _read_settings(request)
    names = {**settings.serve.aliases, **dict(request.aliases)}
    openai = settings.serve.openai_names if request.openai_names is None else request.openai_names
    aliases = importlib.import_module("amhctl.service.aliases").Aliases(names, openai)
    voices = _load_voices(request, settings, progress)
    shelf: Shelf = importlib.import_module("amhctl.service.shelf").Shelf(voices, aliases)
    return shelf


def _read_settings(request: ServeRequest) -> RunConfig:
    """Return the settings of the project with what the options say; without a project, these alone."""
    flags = {"paths.lexicons": request.lexicons}
    if has_settings(request.project):
        return load_run_config(preset=None, project=request.project, flags=flags).config
    return RunConfig(paths=PathsConfig(lexicons=request.lexicons))


def _load_voices(request: ServeRequest, settings: RunConfig, progress: Progress) -> list[Voice[Any]]:
    commercial = request.commercial or settings.licence.commercial
    lexicon = read_lexicons(settings.paths.lexicons)
    voices: list[Voice[Any]] = []
    progress.start("loading voices", len(request.voices), "voices")
    for name in request.voices:
        voice = load_voice(name, device=request.device)
        if commercial:
            require_commercial(voice.licences, voice.manifest.name)
        voices.append(voice.with_lexicon(lexicon))
        progress.advance()
    progress.finish()
    return voices


def _read_key(request: ServeRequest) -> bytes | None:
    """Return the digest of the API key, which is needed where other machines can ask."""
    if request.key_file is None:
        key, source = os.environ.get(KEY_VARIABLE, "").strip(), KEY_VARIABLE
        if not key and is_loopback(request.host):
            return None
    else:
        key, source = _read_key_file(request.key_file), str(request.key_file)
    if len(key) < _SHORTEST_KEY:
        raise OptionError(
            "the API key is missing" if not key else f"the API key has fewer than {_SHORTEST_KEY} characters",
            subject=source,
            hint=f"other machines can ask this server: set {KEY_VARIABLE} or give --api-key-file; make one by "
            "`python -c 'import secrets; print(secrets.token_urlsafe())'`",
        )
    return digest_key(key)


def _read_key_file(path: Path) -> str:
    try:
        return read_limited(path).decode("ascii").strip()
    except OSError as error:
        raise ConfigError(
            f"the file of the API key cannot be read: {error.strerror}", subject=str(path), hint="check --api-key-file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            "the API key has characters other than ASCII", subject=str(path), hint="choose another key"
        ) from error


def _require_origins(origins: tuple[str, ...]) -> None:
    for origin in origins:
        scheme, mark, host = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not host or "/" in host or "*" in host:
            raise OptionError(
                "this is not the origin of a site",
                subject=origin,
                hint="--allow-origin takes scheme, name and port alone, such as https://news.example",
            )
