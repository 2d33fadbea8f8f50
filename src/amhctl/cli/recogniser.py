"""``amhctl recogniser``: the recognisers available, training one, scoring one."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs

app = typer.Typer(
    help="Recognisers of Amharic speech: list, show, train, score.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
@runs("recogniser list")
def list_() -> Work:
    """List the bundled recognisers."""
    from amhctl.workflows.recogniser import list as list_recognisers

    return lambda progress: list_recognisers.run(list_recognisers.ListRecognisersRequest(), progress)


@app.command("show")
@runs("recogniser show")
def show(recogniser: Annotated[str, typer.Argument(help="Bundled name, or folder of a recogniser.")]) -> Work:
    """Show properties, training data and quality of a recogniser."""
    from amhctl.workflows.recogniser import list as list_recognisers

    return lambda progress: list_recognisers.run(list_recognisers.ListRecognisersRequest(recogniser), progress)


@app.command("train")
@runs("recogniser train", summary=True)
def train(
    manifests: Annotated[
        list[Path], typer.Argument(metavar="MANIFEST...", help="Manifests with train and valid splits.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Run folder; the result is in its folder recogniser/.")
    ],
    name: Annotated[str, typer.Option(help="Name of the new recogniser.")] = "recogniser",
    text: Annotated[
        list[Path] | None,
        typer.Option(
            help="Text for the phone model and the word list (plain, .gz, .xz, .bz2 or a manifest); may be repeated. "
            "Default: those of the base, or the training texts."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="What to continue from: a recogniser, or the .safetensors file of a Whisper model."),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume the run in the folder.")] = False,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
) -> Work:
    """Train or fine-tune a recogniser on recordings and their texts."""
    from amhctl.workflows.recogniser import train as train_recogniser

    request = train_recogniser.TrainRecogniserRequest(
        manifests=tuple(manifests),
        output=output,
        texts=tuple(text or ()),
        base=base,
        device=device,
        name=name,
        preset=preset,
        project=config or Path(),
        sets=tuple(sets or ()),
        resume=resume,
        force=force,
        seed=seed,
    )
    return lambda progress: train_recogniser.run(request, progress)


@app.command("score")
@runs("recogniser score")
def score(
    manifest: Annotated[Path, typer.Argument(help="Recordings and their texts (manifest).")],
    recogniser: Annotated[str, typer.Option(help="Bundled name, or folder of a recogniser.")] = "am-phones",
    split: Annotated[Literal["train", "valid", "test"] | None, typer.Option(help="Only clips of this split.")] = None,
    speaker: Annotated[list[str] | None, typer.Option(help="Only clips of this speaker; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many clips.")] = None,
) -> Work:
    """Measure phone, character and word error rates of a recogniser on recordings."""
    from amhctl.workflows.recogniser import score as score_recogniser

    request = score_recogniser.ScoreRecogniserRequest(manifest, recogniser, split, tuple(speaker or ()), limit)
    return lambda progress: score_recogniser.run(request, progress)
