"""``amhctl data``: manifests in, checked, split, paired and out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs
from amhctl.cli.standard_input import open_files

app = typer.Typer(
    help="Manifests: import, align, check, clean, split, pair, export.", no_args_is_help=True, rich_markup_mode=None
)


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


class Division(StrEnum):
    """What ``data align`` makes an utterance of."""

    SENTENCE = "sentence"
    LINE = "line"


_TIES = ("text", "speaker", "session")


def _either(formats: type[StrEnum]) -> str:
    """Return the names of formats, as the help of an argument lists them."""
    *names, last = formats
    return f"{', '.join(names)} or {last}"


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
        help="What no two splits may have in common: text, speaker, session, or several separated by commas.",
    ),
]


RepairLevel = Annotated[
    float | None,
    typer.Option(
        min=-60.0,
        max=0.0,
        callback=options.require_number,
        help="With --fix, the speech level in dBFS; -24 by default.",
        show_default="-24",
    ),
]
RepairRate = Annotated[
    int | None,
    typer.Option(min=1_000, max=192_000, help="With --fix, the sample rate in Hz; by default that of each file."),
]
Attenuation = Annotated[
    float | None,
    typer.Option(
        min=1.0,
        callback=options.require_number,
        help="Largest noise reduction in dB; unlimited by default.",
        show_default="no limit",
    ),
]


@app.command("import")
@runs("data import", summary=True)
def import_(
    form: Annotated[ForeignFormat, typer.Argument(metavar="FORMAT", help=f"Source format: {_either(ForeignFormat)}.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Source folder or file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder in which manifest.jsonl is written.")],
    speaker: Annotated[str, typer.Option(help="Speaker of records for which the source names none.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Licence of records for which the source names none.")] = "",
    origin: Annotated[str, typer.Option(help="Where the recordings come from, if the source does not say.")] = "",
    force: options.Force = False,
) -> Work:
    """Create a manifest from a data set in another format. Recordings stay where they are."""
    from amhctl.workflows.data import import_ as import_data

    request = import_data.ImportDataRequest(
        form=form.value, source=source, output=output, speaker=speaker, licence=licence, origin=origin, force=force
    )
    return lambda progress: import_data.run(request, progress)


@app.command("align")
@runs("data align", summary=True)
def align(
    audio: Annotated[Path, typer.Argument(help="Recording, of minutes or hours.")],
    text: Annotated[
        Path, typer.Argument(help="What is said in it, a text file (or a manifest, .jsonl); - reads standard input.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder in which manifest.jsonl is written.")],
    by: Annotated[Division, typer.Option(help="An utterance is a sentence or a line of the text.")] = Division.SENTENCE,
    cut: Annotated[bool, typer.Option("--cut", help="Write each utterance as a FLAC file of its own.")] = False,
    textgrid: Annotated[
        bool, typer.Option("--textgrid", help="Also write a TextGrid of utterances and words, for Praat.")
    ] = False,
    confidence: Annotated[
        float | None,
        typer.Option(
            max=0.0,
            callback=options.require_number,
            help="Leave out utterances with a part that is less probable, per phone, as a natural logarithm.",
            show_default="-6",
        ),
    ] = None,
    padding: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=2.0,
            callback=options.require_number,
            help="Seconds of the pauses that stay at the edges of an utterance, at most half of each.",
            show_default="0.25",
        ),
    ] = None,
    recogniser: options.Recogniser = None,
    speaker: Annotated[str, typer.Option(help="Speaker of the recording.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Licence of the recording.")] = "",
    origin: Annotated[str, typer.Option(help="Where the recording comes from.")] = "",
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    sets: options.Set = None,
    force: options.Force = False,
) -> Work:
    """Cut a long recording into utterances by its text. Words get times; the recording stays where it is."""
    from amhctl.workflows.data import align as align_data

    files, piped = open_files([text])
    request = align_data.AlignDataRequest(
        audio=audio,
        text=files,
        standard_input=piped,
        output=output,
        by=by.value,
        confidence=align_data.CONFIDENCE if confidence is None else confidence,
        padding=align_data.PADDING if padding is None else padding,
        cut=cut,
        textgrid=textgrid,
        recogniser=recogniser or align_data.RECOGNISER,
        speaker=speaker,
        licence=licence,
        origin=origin,
        force=force,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
    )
    return lambda progress: align_data.run(request, progress)


@app.command("check")
@runs("data check")
def check(
    manifest: options.Manifest,
    vocab: Annotated[Path | None, typer.Option(help="Vocabulary that must cover every character or phone.")] = None,
    report: Annotated[Path | None, typer.Option(help="HTML page with histograms and the worst clips.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings too.")] = False,
    disjoint: Disjoint = "text",
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Check recordings and texts, or texts only.")
    ] = True,
    recognise: Annotated[
        bool, typer.Option("--recognise", help="Also compare texts with recordings by a recogniser; takes longer.")
    ] = False,
    recogniser: options.Recogniser = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; the findings do not depend on it.")] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps measurements, so that the next check is faster.")
    ] = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Write a repaired copy: silence trimmed, level normalised, DC offset removed, mono."
        ),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="With --fix, the folder of the repaired copy.")
    ] = None,
    level: RepairLevel = None,
    rate: RepairRate = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="With --fix, also remove noise (needs the extra clean).")
    ] = False,
    attenuation: Attenuation = None,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    sets: options.Set = None,
    force: options.Force = False,
) -> Work:
    """Find all faults in texts and recordings. With --fix, write a repaired copy."""
    _require_together(
        {
            "give --fix and -o together: -o is the folder of the repaired copy": fix == (output is not None),
            "--level and --rate need --fix": fix or (level, rate) == (None, None),
            "--clean needs --fix": fix or not clean,
            "--attenuation needs --clean": clean or attenuation is None,
            "--fix repairs recordings and cannot be used with --no-audio": audio or not fix,
            "--recognise reads recordings and cannot be used with --no-audio": audio or not recognise,
            "--recogniser needs --recognise": recognise or recogniser is None,
        }
    )
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
        recogniser=(recogniser or check_data.RECOGNISER) if recognise else "",
    )
    return lambda progress: check_data.run(request, progress)


def _require_together(demands: dict[str, bool]) -> None:
    """Refuse options that do not go together; the first demand that is not met is told."""
    for message, is_met in demands.items():
        if not is_met:
            raise typer.BadParameter(message)


@app.command("clean")
@runs("data clean", summary=True)
def clean(
    manifest: options.Manifest,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the cleaned copy; an interrupted copy is resumed.")
    ],
    attenuation: Attenuation = None,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML page with statistics, and with players and spectrograms of clips before and after."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; the result does not depend on it.")] = 1,
    force: options.Force = False,
) -> Work:
    """Write a copy of the recordings with less noise. Recordings that would be damaged are copied unchanged."""
    from amhctl.workflows.data import clean as clean_data

    request = clean_data.CleanDataRequest(
        manifest=manifest,
        output=output,
        attenuation=attenuation,
        report=report,
        workers=workers,
        force=force,
    )
    return lambda progress: clean_data.run(request, progress)


@app.command("split")
@runs("data split", summary=True)
def split(
    manifest: options.Manifest,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="New manifest; by default NAME.split.jsonl in the folder of the old one."),
    ] = None,
    valid: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, callback=options.require_number, help="Fraction of records for the validation split."
        ),
    ] = 0.05,
    test: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, callback=options.require_number, help="Fraction of records for the test split."),
    ] = 0.05,
    disjoint: Disjoint = "text",
    every_speaker: Annotated[
        bool, typer.Option("--every-speaker", help="Put every speaker with ten or more texts into every split.")
    ] = False,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Assign all records again, including those that have a split already.")
    ] = False,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Write a manifest with train, valid and test splits without leaks."""
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
    return lambda progress: split_data.run(request, progress)


@app.command("pairs")
@runs("data pairs", summary=True)
def pairs(
    manifest: options.Manifest,
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON Lines file of the pairs.")],
    epoch: Annotated[int, typer.Option(min=0, help="Epoch number; each epoch has different pairs.")] = 0,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Choose a prompt for each utterance: another one of its speaker."""
    from amhctl.workflows.data import pairs as pair_data

    request = pair_data.PairDataRequest(manifest=manifest, output=output, epoch=epoch, seed=seed or 0, force=force)
    return lambda progress: pair_data.run(request, progress)


@app.command("export")
@runs("data export", summary=True)
def export(
    manifest: options.Manifest,
    form: Annotated[ExportFormat, typer.Argument(metavar="FORMAT", help=f"Target format: {_either(ExportFormat)}.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write into.")],
    force: options.Force = False,
) -> Work:
    """Convert a manifest to a data set format of other tools."""
    from amhctl.workflows.data import export as export_data

    request = export_data.ExportDataRequest(manifest=manifest, form=form.value, output=output, force=force)
    return lambda progress: export_data.run(request, progress)
