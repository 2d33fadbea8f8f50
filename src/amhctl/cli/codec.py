"""``amhctl codec``: the codecs and vocoders available, what one is, training one."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs

app = typer.Typer(help="Neural codecs and vocoders: list, show, train.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@runs("codec list")
def list_() -> Work:
    """List the bundled codecs and vocoders."""
    from amhctl.workflows.codec import list as list_codecs

    return lambda progress: list_codecs.run(list_codecs.ListCodecsRequest(), progress)


@app.command("show")
@runs("codec show")
def show(
    codec: Annotated[
        str, typer.Argument(help="Bundled or official name, folder of a codec or vocoder, or DAC weights file.")
    ],
) -> Work:
    """Show properties, training data and quality of a codec or vocoder."""
    from amhctl.workflows.codec import list as list_codecs

    return lambda progress: list_codecs.run(list_codecs.ListCodecsRequest(codec), progress)


@app.command("train")
@runs("codec train", summary=True)
def train(
    manifests: Annotated[
        list[Path], typer.Argument(metavar="MANIFEST...", help="Manifests with train and valid splits.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Run folder; the result is in its folder codec/ or vocoder/.")
    ],
    name: Annotated[str, typer.Option(help="Name of the new codec or vocoder.")] = "codec",
    arch: Annotated[
        Literal["mel", "dac", "vocoder"],
        typer.Option(help="Architecture: mel codec (as the bundled one), DAC, or vocoder."),
    ] = "mel",
    base: Annotated[
        str | None,
        typer.Option(
            help="Codec or vocoder to fine-tune: a name such as mel16k, dac-24khz or vocoder16k, a "
            "folder, or a DAC's .pth."
        ),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume the run in the folder.")] = False,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
) -> Work:
    """Train or fine-tune a codec or a vocoder on recordings."""
    from amhctl.workflows.codec import train as train_codec

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
    return lambda progress: train_codec.run(request, progress)
