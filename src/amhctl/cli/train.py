"""``amhctl train``: train or fine-tune a voice."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


@runs("train", summary=True)
def command(
    preset: options.Preset = None,
    data: Annotated[Path | None, typer.Option(help="Code store, made by `amhctl codes extract`.")] = None,
    vocab: Annotated[Path | None, typer.Option(help="Vocabulary model, made by `amhctl vocab train`.")] = None,
    codec: Annotated[str | None, typer.Option(help="Codec with which the store must have been made.")] = None,
    base: Annotated[Path | None, typer.Option(help="Voice to start from: folder or bundled name.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Run folder.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Run folder to resume.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do one full step, report what a run would cost, and stop.")
    ] = False,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
) -> Work:
    """Train a voice on a code store, fine-tune one, or resume."""
    from amhctl.workflows import train

    request = train.TrainRequest(
        preset=preset,
        project=config or Path(),
        data=data,
        vocabulary=vocab,
        codec=codec,
        base=base,
        run=output,
        resume=resume,
        dry_run=dry_run,
        force=force,
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        seed=seed,
        device=device,
    )
    return lambda progress: train.run(request, progress)
