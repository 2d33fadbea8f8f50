"""``amhctl codec``: the codecs at hand, what one is, training one."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.app import execute

app = typer.Typer(help="Neural codecs: list, show, train.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(json: options.Json = False, quiet: options.Quiet = False, verbose: options.Verbose = 0) -> None:
    """List the bundled codecs."""
    from amhctl.workflows import list_codecs

    execute(
        "codec list",
        lambda progress: list_codecs.run(list_codecs.ListCodecsRequest(), progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("show")
def show(
    codec: Annotated[str, typer.Argument(help="Bundled or official name, codec folder, or DAC weights file.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Show what a codec is and how it was measured."""
    from amhctl.workflows import list_codecs

    execute(
        "codec show",
        lambda progress: list_codecs.run(list_codecs.ListCodecsRequest(codec), progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("train")
def train(
    manifests: Annotated[list[Path], typer.Argument(help="Manifests with train and valid splits.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Run folder; the codec is its folder codec/.")],
    name: Annotated[str, typer.Option(help="Name written into the codec.")] = "codec",
    arch: Annotated[Literal["mel", "dac"], typer.Option(help="Architecture: the bundled codec's, or a DAC.")] = "mel",
    base: Annotated[
        str | None,
        typer.Option(help="Codec to go on from: name such as mel16k or dac-24khz, folder, or a DAC's weights file."),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")] = False,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Train a codec on the recordings of manifests, or adapt a DAC to them."""
    from amhctl.workflows import train_codec

    request = train_codec.TrainCodecRequest(
        manifests=tuple(manifests),
        output=output,
        name=name,
        arch=arch,
        base=base,
        device=device,
        preset=preset,
        project=config or Path(),
        sets=tuple(sets or ()),
        resume=resume,
        force=force,
        seed=seed,
    )
    execute(
        "codec train",
        lambda progress: train_codec.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
