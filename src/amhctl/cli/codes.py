"""``amhctl codes``: discrete codes of recordings, and whether they are real."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.app import execute
from amhctl.core.units import SPEECH_LEVEL, Precision

app = typer.Typer(help="Codes: extract, check, verify, merge, align.", no_args_is_help=True, rich_markup_mode=None)


@app.command("extract")
def extract(
    manifest: Annotated[Path, typer.Argument(help="Manifest, a JSON Lines file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Code store, a folder; made or gone on with.")],
    codec: Annotated[
        str,
        typer.Option(help="Bundled name, codec folder, DAC weights file, or MaskGCT's semantic codec (.safetensors)."),
    ] = "mel16k",
    shard: Annotated[str, typer.Option(metavar="I/N", help="Do only the I-th of N shares.")] = "1/1",
    level: Annotated[
        float,
        typer.Option(
            min=-60.0,
            max=0.0,
            callback=options.require_number,
            help="Bring speech to this level in dBFS, without DC offset; voices trained on it keep it.",
        ),
    ] = SPEECH_LEVEL,
    shifts: Annotated[
        int, typer.Option(min=1, max=16, help="Encode training utterances so often, each a part of a frame later.")
    ] = 1,
    copies: Annotated[
        int,
        typer.Option(min=0, max=64, help="Varied copies of each training utterance, by the configuration's augment."),
    ] = 0,
    precision: Annotated[Precision, typer.Option(help="Arithmetic of a DAC; a store has one.")] = "fp32",
    features: Annotated[
        Literal["mel", "w2v-bert"], typer.Option(help="What voices are conditioned on; w2v-bert is an extra.")
    ] = "mel",
    features_model: options.FeaturesModel = None,
    acoustics: Annotated[
        bool,
        typer.Option("--acoustics", help="Store log-mel, pitch and speaker of each clip, for voices of kind flow."),
    ] = False,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Do one share here, or all shares as tasks of a ray cluster.")
    ] = "local",
    tasks: Annotated[
        int | None, typer.Option(min=1, help="Shares for --engine ray; by default as many as there is room for.")
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    seed: options.Seed = None,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes that read recordings; 0 reads in this one.")
    ] = 0,
    device: options.Device = "auto",
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Encode recordings into a code store; run it again to go on after an interruption."""
    from amhctl.workflows.codes import extract as extract_codes

    request = extract_codes.ExtractCodesRequest(
        manifest=manifest,
        output=output,
        codec=codec,
        shard=shard,
        level=level,
        shifts=shifts,
        copies=copies,
        precision=precision,
        features=features,
        features_model=features_model,
        acoustics=acoustics,
        engine=engine,
        tasks=tasks,
        preset=preset,
        project=config or Path(),
        sets=tuple(sets or ()),
        seed=seed,
        device=device,
        workers=workers,
    )
    execute(
        "codes extract",
        lambda progress: extract_codes.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("check")
def check(
    store: Annotated[Path, typer.Argument(help="Code store.")],
    codec: Annotated[
        str | None, typer.Option(help="Codec to decode with; by default the bundled one of the store's codec name.")
    ] = None,
    sample: Annotated[int, typer.Option(min=0, help="Utterances decoded back and compared with the audio.")] = 16,
    seed: options.Seed = None,
    device: options.Device = "auto",
    features_model: options.FeaturesModel = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write an HTML page of how the codes are used.")
    ] = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Decode a sample back; refuse constant, random or padded codes."""
    from amhctl.workflows.codes import check as check_codes

    request = check_codes.CheckCodesRequest(
        store=store,
        codec=codec,
        sample=sample,
        seed=seed or 0,
        device=device,
        features_model=features_model,
        report=report,
        force=force,
    )
    execute("codes check", lambda progress: check_codes.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("verify")
def verify(
    store: Annotated[Path, typer.Argument(help="Code store.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Compare every byte of a code store with its digest."""
    from amhctl.workflows.codes import verify as verify_codes

    request = verify_codes.VerifyCodesRequest(store=store)
    execute(
        "codes verify", lambda progress: verify_codes.run(request, progress), json=json, quiet=quiet, verbose=verbose
    )


@app.command("merge")
def merge(
    stores: Annotated[list[Path], typer.Argument(metavar="STORE...", help="Code stores of one codec and level.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="New code store, a folder.")],
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Make one store of several, or one part of a store's shards; nothing is encoded again."""
    from amhctl.workflows.codes import merge as merge_codes

    request = merge_codes.MergeCodesRequest(stores=tuple(stores), output=output, force=force)
    execute("codes merge", lambda progress: merge_codes.run(request, progress), json=json, quiet=quiet, verbose=verbose)


@app.command("align")
def align(
    store: Annotated[Path, typer.Argument(help="Code store, made by `amhctl codes extract`.")],
    vocab: Annotated[Path, typer.Option("--vocab", help="Vocabulary model that cuts the texts into pieces.")],
    preset: options.Preset = None,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    sets: options.Set = None,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes; 0 works in this one. The durations do not depend on it.")
    ] = 0,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Find how many frames each text piece lasts, for voices with explicit durations."""
    from amhctl.workflows.codes import align as align_codes

    request = align_codes.AlignCodesRequest(
        store=store,
        vocabulary=vocab,
        preset=preset,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        workers=workers,
    )
    execute("codes align", lambda progress: align_codes.run(request, progress), json=json, quiet=quiet, verbose=verbose)
