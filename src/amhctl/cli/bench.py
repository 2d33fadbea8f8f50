"""``amhctl bench``: speed and memory on this machine."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from amhctl.cli import options
from amhctl.cli.app import execute


def command(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="speak, codes, vocoder, data, text, startup, threads, dac; may be repeated or joined by commas.",
        ),
    ] = None,
    voice: Annotated[str | None, typer.Option("--voice", help="Bundled voice or checkpoint folder.")] = None,
    codec: Annotated[str | None, typer.Option("--codec", help="Codec to measure; a DAC weights file for dac.")] = None,
    vocoder: Annotated[str | None, typer.Option("--vocoder", help="Vocoder to measure: name or folder.")] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Recordings to measure on; otherwise some are generated.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Text to measure on; otherwise some is generated.")
    ] = None,
    device: options.Device = "cpu",
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Measure speed and memory on this machine."""
    from amhctl.workflows import benchmark

    wanted = [section for item in only or [] for section in item.split(",") if section]
    unknown = [section for section in wanted if section not in benchmark.SECTIONS]
    if unknown:
        raise typer.BadParameter(f"no section {unknown[0]!r}; there are {', '.join(get_args(benchmark.Section))}")
    request = benchmark.BenchmarkRequest(
        only=tuple(section for section in benchmark.SECTIONS if section in wanted),
        voice=voice or benchmark.DEFAULT_VOICE,
        codec=codec or benchmark.DEFAULT_CODEC,
        vocoder=vocoder or benchmark.DEFAULT_VOCODER,
        manifest=manifest,
        corpus=corpus,
        device=device,
    )
    execute("bench", lambda progress: benchmark.run(request, progress), json=json, quiet=quiet, verbose=verbose)
