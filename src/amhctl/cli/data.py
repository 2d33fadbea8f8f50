"""``amhctl data``: manifests in, checked, split, paired and out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.app import execute

app = typer.Typer(help="Manifests: import, check, split, pair, export.", no_args_is_help=True, rich_markup_mode=None)


class ForeignFormat(StrEnum):
    """Formats that ``data import`` reads."""

    LJSPEECH = "ljspeech"
    PIPER = "piper"
    JSONL = "jsonl"
    COMMONVOICE = "commonvoice"
    KALDI = "kaldi"
    SIDECARS = "sidecars"
    SUBTITLES = "subtitles"
    HUGGINGFACE = "huggingface"
    LHOTSE = "lhotse"


class ExportFormat(StrEnum):
    """Formats that ``data export`` writes."""

    LJSPEECH = "ljspeech"
    JSONL = "jsonl"
    LHOTSE = "lhotse"
    PARQUET = "parquet"


_TIES = ("text", "speaker", "session")


def _parse_disjoint(value: str) -> str:
    """Return the value if it is a list of what splits can be disjoint in."""
    names = [name.strip() for name in value.split(",")]
    if unknown := [name for name in names if name not in _TIES]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(_TIES)}")
    return ",".join(names)


Disjoint = Annotated[
    str,
    typer.Option(
        "--disjoint",
        "--by",
        metavar="LIST",
        parser=_parse_disjoint,
        help="What no two splits share: text, speaker, session, or several with commas.",
    ),
]


Attenuation = Annotated[
    float | None,
    typer.Option(
        min=1.0,
        callback=options.require_number,
        help="By how many dB noise is turned down at most.",
        show_default="as far as it goes",
    ),
]


@app.command("import")
def import_(
    form: Annotated[ForeignFormat, typer.Argument(metavar="FORMAT", help="Format of the source.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder or file of the source.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for manifest.jsonl.")],
    speaker: Annotated[str, typer.Option(help="Speaker where the source names none.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Licence where the source names none.")] = "",
    origin: Annotated[str, typer.Option(help="Where the recordings come from, if the source does not say.")] = "",
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Make a manifest of a foreign data set; recordings stay where they are."""
    from amhctl.workflows.data import import_ as import_data

    request = import_data.ImportDataRequest(
        form=form.value, source=source, output=output, speaker=speaker, licence=licence, origin=origin, force=force
    )
    execute(
        "data import",
        lambda progress: import_data.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("check")
def check(
    manifest: options.Manifest,
    vocab: Annotated[Path | None, typer.Option(help="Vocabulary that must have a piece for everything.")] = None,
    report: Annotated[Path | None, typer.Option(help="HTML page with histograms and the worst clips.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings make the verdict negative too.")] = False,
    disjoint: Disjoint = "text",
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Open the recordings, or check texts only.")] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the findings do not depend on it.")] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps measurements, so that the next check need not decode again.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write a repaired copy: trimmed, levelled, without offset, mono.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="With --fix, the folder of the repaired copy.")
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(
            min=-60.0,
            max=0.0,
            callback=options.require_number,
            help="With --fix, the speech level in dBFS.",
            show_default="-24",
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(min=1_000, max=192_000, help="With --fix, samples a second; by default each file's own."),
    ] = None,
    clean: Annotated[bool, typer.Option("--clean", help="With --fix, take noise out too (extra clean).")] = False,
    attenuation: Attenuation = None,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    sets: options.Set = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Find every fault of texts, recordings and their match; with --fix, repair what can be repaired in a copy."""
    if fix != (output is not None):
        raise typer.BadParameter("--fix and -o need one another: the folder of the repaired copy")
    if not fix and (level, rate) != (None, None):
        raise typer.BadParameter("--level and --rate say what --fix is to reach")
    if clean and not fix:
        raise typer.BadParameter("--clean says what --fix is to do")
    if attenuation is not None and not clean:
        raise typer.BadParameter("--attenuation says how far --clean is to go")
    if fix and not audio:
        raise typer.BadParameter("--fix repairs recordings, which --no-audio leaves closed")
    from amhctl.workflows.data import check as check_data

    request = check_data.CheckDataRequest(
        manifest=manifest,
        audio=audio,
        workers=workers,
        cache=cache,
        disjoint=tuple(disjoint.split(",")),
        vocabulary=vocab,
        report=report,
        strict=strict,
        force=force,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        fix=check_data.make_goal(level, rate, strict=strict, clean=clean, attenuation=attenuation) if fix else None,
        output=output,
    )
    execute("data check", lambda progress: check_data.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("clean")
def clean(
    manifest: options.Manifest,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the cleaned copy; a stopped one goes on.")],
    attenuation: Attenuation = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML page with figures, and clips before and after to hear and to see.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")] = 1,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Take noise out of the recordings, in a copy; what that would harm is kept as it was."""
    from amhctl.workflows.data import clean as clean_data

    request = clean_data.CleanDataRequest(
        manifest=manifest,
        output=output,
        attenuation=attenuation,
        report=report,
        workers=workers,
        force=force,
    )
    execute("data clean", lambda progress: clean_data.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("split")
def split(
    manifest: options.Manifest,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="New manifest; by default NAME.split.jsonl beside the old one."),
    ] = None,
    valid: Annotated[
        float, typer.Option(min=0.0, max=1.0, callback=options.require_number, help="Share of the validation split.")
    ] = 0.05,
    test: Annotated[
        float, typer.Option(min=0.0, max=1.0, callback=options.require_number, help="Share of the test split.")
    ] = 0.05,
    disjoint: Disjoint = "text",
    every_speaker: Annotated[
        bool, typer.Option("--every-speaker", help="Each speaker with ten texts or more is in each split.")
    ] = False,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw anew for records that have a split, instead of keeping it.")
    ] = False,
    seed: options.Seed = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Write a manifest with a leak-free train, valid and test split."""
    from amhctl.workflows.data import split as split_data

    request = split_data.SplitDataRequest(
        manifest=manifest,
        output=output,
        valid=valid,
        test=test,
        seed=seed or 0,
        disjoint=tuple(disjoint.split(",")),
        every_speaker=every_speaker,
        redraw=redraw,
        force=force,
    )
    execute("data split", lambda progress: split_data.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("pairs")
def pairs(
    manifest: options.Manifest,
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON Lines file of the pairs.")],
    epoch: Annotated[int, typer.Option(min=0, help="Each epoch has other pairs.")] = 0,
    seed: options.Seed = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Draw for each utterance another one of its speaker to prompt it with."""
    from amhctl.workflows.data import pairs as pair_data

    request = pair_data.PairDataRequest(manifest=manifest, output=output, epoch=epoch, seed=seed or 0, force=force)
    execute("data pairs", lambda progress: pair_data.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("export")
def export(
    manifest: options.Manifest,
    form: Annotated[ExportFormat, typer.Argument(metavar="FORMAT", help="Format to write.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write into.")],
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Write a manifest as a data set that other tools read."""
    from amhctl.workflows.data import export as export_data

    request = export_data.ExportDataRequest(manifest=manifest, form=form.value, output=output, force=force)
    execute("data export", lambda progress: export_data.run(request, progress), json=json, quiet=quiet, verbose=verbose)
