"""``amhctl serve``: voices as an HTTP service."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


@runs("serve", summary=True)
def command(
    voice: Annotated[
        list[str] | None,
        typer.Option("--voice", help="Bundled voice or checkpoint folder; m01 by default. May be repeated."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; others than this machine's own need an API key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 is a free one.")] = 8000,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file", help="File with the API key; by default the environment variable AMHCTL_API_KEY."
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin",
            help="Site whose pages may use the server, such as https://news.example (CORS). May be repeated.",
        ),
    ] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option(
            "--alias",
            metavar="NAME=VOICE",
            help="Another name of a model or speaker that is served. May be repeated; as serve.aliases in amhctl.toml.",
        ),
    ] = None,
    openai_names: Annotated[
        bool | None,
        typer.Option(
            "--openai-names/--no-openai-names",
            help="Take OpenAI's names (tts-1, alloy) as aliases; as serve.openai_names in amhctl.toml, by default on.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Threads that speak.")] = 1,
    queue: Annotated[
        int,
        typer.Option(
            "--queue",
            min=1,
            max=1024,
            help="Requests that are spoken or wait at a time; more are answered with status 429.",
        ),
    ] = 32,
    max_text: Annotated[
        int, typer.Option("--max-text", min=1, max=1_000_000, help="Longest text of a request, in characters.")
    ] = 10_000,
    max_seconds: Annotated[
        float,
        typer.Option(
            "--max-seconds",
            min=1.0,
            max=86_400.0,
            callback=options.require_number,
            help="Longest time of a request.",
        ),
    ] = 300.0,
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            min=1.0,
            max=3600.0,
            callback=options.require_number,
            help="Seconds that requests have to end after SIGTERM or Ctrl-C.",
        ),
    ] = 30.0,
    lexicon: options.Lexicon = None,
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial",
            help="Refuse a voice if a work in it, or one that it speaks with, forbids commercial use; as "
            "licence.commercial = true in amhctl.toml.",
        ),
    ] = False,
    config: options.Config = None,
    device: options.Device = "auto",
) -> Work:
    """Serve voices over HTTP: OpenAI's speech API and a page at /. SIGTERM or Ctrl-C ends it."""
    from amhctl.workflows import serve

    request = serve.ServeRequest(
        voices=tuple(voice or (serve.DEFAULT_VOICE,)),
        host=host,
        port=port,
        key_file=api_key_file,
        origins=tuple(allow_origin or ()),
        aliases=options.read_names("--alias", alias),
        openai_names=openai_names,
        workers=workers,
        queue=queue,
        most_characters=max_text,
        most_seconds=max_seconds,
        grace=grace,
        project=config or Path(),
        lexicons=tuple(lexicon or ()),
        commercial=commercial,
        device=device,
    )
    return lambda progress: serve.run(request, progress)
