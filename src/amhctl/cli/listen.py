"""``amhctl listen``: listening tests with people."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs

app = typer.Typer(
    help="Listening tests: create the page, collect ratings, score.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Kind(StrEnum):
    """Kinds of listening tests."""

    MOS = "mos"
    MUSHRA = "mushra"
    AB = "ab"


class Question(StrEnum):
    """What people are asked to rate."""

    QUALITY = "quality"
    NATURALNESS = "naturalness"


@app.command("new")
@runs("listen new", summary=True)
def new(
    output: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the test; created.")],
    kind: Annotated[
        Kind,
        typer.Option(
            help="mos: ratings from 1 to 5 (ITU-T P.800, P.808). mushra: ratings from 0 to 100 beside a reference "
            "(ITU-R BS.1534). ab: which of two is better."
        ),
    ],
    system: Annotated[
        list[str],
        typer.Option(
            "--system",
            metavar="NAME=PATH",
            help="A system and its sounds: a folder of files named by the sentence, a manifest (.jsonl), or the output "
            "of eval --json (.json). May be repeated.",
        ),
    ],
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=PATH",
            help="Natural recordings of the same sentences; MUSHRA needs them. Paths as for --system.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Listening test",
    question: Annotated[Question, typer.Option(help="What is rated: quality or naturalness.")] = Question.QUALITY,
    sentences: Annotated[
        int | None, typer.Option(min=1, help="Largest number of sentences to rate, drawn at random; all by default.")
    ] = None,
    training: Annotated[
        int, typer.Option(min=0, max=20, help="Sentences for practice; they are not rated and not scored.")
    ] = 3,
    checks: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=50,
            help="Checks of attention (beeps to count, clips of known quality); by default 1 in 12 trials, at least 2.",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How often one person hears each sentence, each time by another system (Latin square); by default "
            "once by every system.",
        ),
    ] = None,
    loudness: Annotated[
        float,
        typer.Option(min=-40.0, max=-10.0, callback=options.require_number, help="Loudness of all sounds, in LUFS."),
    ] = -23.0,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Create a listening test: a page in Amharic and English with its sounds, and a key of which system made which."""
    from amhctl.workflows.listen import new as create

    request = create.NewListeningRequest(
        output=output,
        kind=kind.value,
        systems=tuple(system),
        reference=reference,
        title=title,
        question=question.value,
        sentences=sentences,
        training=training,
        checks=checks,
        rounds=rounds,
        loudness=loudness,
        seed=seed or 0,
        force=force,
    )
    return lambda progress: create.run(request, progress)


@app.command("serve")
@runs("listen serve")
def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the test.")],
    host: Annotated[
        str,
        typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in: whoever reaches it can take part."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 is a free one.")] = 8080,
    site: Annotated[
        str,
        typer.Option(
            metavar="ORIGIN", help="Address of a proxy through which people come, such as https://voice.example."
        ),
    ] = "",
) -> Work:
    """Serve a listening test and store the ratings (needs the extra serve). SIGTERM or Ctrl-C ends it."""
    from amhctl.workflows.listen import serve as serve_test

    request = serve_test.ServeListeningRequest(folder=folder, host=host, port=port, site=site)
    return lambda progress: serve_test.run(request, progress)


@app.command("score")
@runs("listen score")
def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the test.")],
    ratings: Annotated[
        list[Path] | None,
        typer.Option(
            "--ratings",
            help="File that a person downloaded, or a folder of these; those in DIR/ratings and the ratings of the "
            "server are used anyway. May be repeated.",
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="HTML page with a plot.")] = None,
    allow_failed: Annotated[
        int, typer.Option(min=0, help="Checks of attention that a person may fail and still be counted.")
    ] = 0,
    min_correlation: Annotated[
        float,
        typer.Option(
            min=-1.0,
            max=1.0,
            callback=options.require_number,
            help="MOS: least correlation of a person's ratings with the mean of the others.",
        ),
    ] = 0.2,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Count everybody, whatever the checks say.")] = False,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Compute scores with intervals, the agreement of people, and tests of differences between systems."""
    from amhctl.workflows.listen import score as score_test

    request = score_test.ScoreListeningRequest(
        folder=folder,
        ratings=tuple(ratings or ()),
        report=report,
        failures=allow_failed,
        correlation=min_correlation,
        keep_all=keep_all,
        seed=seed or 0,
        force=force,
    )
    return lambda progress: score_test.run(request, progress)
