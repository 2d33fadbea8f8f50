"""``amhctl eval``: measure a voice."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


@runs("eval")
def command(
    voice: Annotated[str, typer.Argument(help="Bundled voice or checkpoint folder.")],
    test_set: Annotated[
        Path, typer.Option("--set", help="Manifest of the test set; only its test split, if it has splits.")
    ],
    trained_on: Annotated[
        Path | None,
        typer.Option(
            "--trained-on", help="Code store that the voice was trained on: warn about test clips that are in it."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="HTML page with players and spectrograms.")] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option("--fail-under", metavar="METRIC=VALUE", help="Exit 1 if the metric is worse; may be repeated."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            help="Another voice, bundled or a folder: measure it on the same clips, and test each difference.",
        ),
    ] = None,
    fail_worse: Annotated[
        bool, typer.Option("--fail-worse", help="Exit 1 if the voice is worse than the other in any metric.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Largest number of clips, spread evenly over the set; all by default.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option("--codec", help="Codec of the voice, if it is neither bundled nor in the voice's folder."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", help="Clip of a speaker to imitate; a voice of IndexTTS-2 needs one."),
    ] = None,
    recogniser: Annotated[
        str,
        typer.Option(
            "--recogniser",
            help="Recogniser that counts phone, character and word errors: a name or a folder; none counts none.",
        ),
    ] = "am-phones",
    pairs: Annotated[
        int,
        typer.Option(
            "--pairs",
            min=0,
            max=2_000,
            help="Minimal pairs of words that the voice also says; counted is which words the recogniser tells apart.",
        ),
    ] = 0,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
) -> Work:
    """Measure a voice against the recordings of a test set."""
    if fail_worse and against is None:
        raise typer.BadParameter("--fail-worse needs --against VOICE")
    from amhctl.workflows import eval as evaluate

    request = evaluate.EvaluateRequest(
        voice=voice,
        test_set=test_set,
        codec=codec,
        trained_on=trained_on,
        reference=reference,
        limit=limit,
        report=report,
        fail_under=tuple(fail_under or ()),
        recogniser=None if recogniser == "none" else recogniser,
        pairs=pairs,
        against=against,
        fail_worse=fail_worse,
        seed=seed or 0,
        device=device,
        force=force,
    )
    return lambda progress: evaluate.run(request, progress)
