"""``amhctl codes``: discrete codes of recordings, and whether they are real."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs
from amhctl.core.units import SPEECH_LEVEL, Precision

app = typer.Typer(help="Codes: extract, check, verify, merge, align.", no_args_is_help=True, rich_markup_mode=None)


@app.command("extract")
@runs("codes extract", summary=True)
def extract(
    manifest: Annotated[Path, typer.Argument(help="Manifest, a JSON Lines file.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Code store folder; new, or an existing one to resume.")
    ],
    codec: Annotated[
        str,
        typer.Option(
            help="Bundled name, codec folder, DAC weights file, MaskGCT's semantic codec (.safetensors), or folder of "
            "IndexTTS-2."
        ),
    ] = "mel16k",
    shard: Annotated[str, typer.Option(metavar="I/N", help="Encode only shard I of N.")] = "1/1",
    level: Annotated[
        float,
        typer.Option(
            min=-60.0,
            max=0.0,
            callback=options.require_number,
            help="Normalise speech to this level in dBFS and remove DC offset; voices trained on the "
            "store speak at this level.",
        ),
    ] = SPEECH_LEVEL,
    shifts: Annotated[
        int,
        typer.Option(
            min=1, max=16, help="Encodings of each training utterance, each shifted by a fraction of a frame."
        ),
    ] = 1,
    copies: Annotated[
        int,
        typer.Option(
            min=0,
            max=64,
            help="Augmented copies of each training utterance; section augment of the configuration says how.",
        ),
    ] = 0,
    precision: Annotated[
        Precision, typer.Option(help="Floating-point precision of a DAC; the same for a whole store.")
    ] = "fp32",
    features: Annotated[
        Literal["mel", "w2v-bert"],
        typer.Option(help="Features that voices are conditioned on; w2v-bert needs the extra w2vbert."),
    ] = "mel",
    features_model: options.FeaturesModel = None,
    acoustics: Annotated[
        bool,
        typer.Option(
            "--acoustics", help="Also store log-mel, pitch and speaker embedding of each clip, for FlowVoices."
        ),
    ] = False,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Encode one shard here, or all shards as tasks of a Ray cluster.")
    ] = "local",
    tasks: Annotated[
        int | None,
        typer.Option(min=1, help="Number of shards for --engine ray; by default as many as the cluster has room for."),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    seed: options.Seed = None,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Worker processes that read recordings; 0 reads in the main process.")
    ] = 0,
    device: options.Device = "auto",
) -> Work:
    """Encode recordings into a code store. Run it again to resume after an interruption."""
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
    return lambda progress: extract_codes.run(request, progress)


@app.command("check")
@runs("codes check")
def check(
    store: Annotated[Path, typer.Argument(help="Code store.")],
    codec: Annotated[
        str | None, typer.Option(help="Codec to decode with; by default the bundled codec with the name in the store.")
    ] = None,
    sample: Annotated[int, typer.Option(min=0, help="Number of utterances to decode and compare with the audio.")] = 16,
    seed: options.Seed = None,
    device: options.Device = "auto",
    features_model: options.FeaturesModel = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML page about code usage.")] = None,
    force: options.Force = False,
) -> Work:
    """Decode a sample and find constant, random or padded codes."""
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
    return lambda progress: check_codes.run(request, progress)


@app.command("verify")
@runs("codes verify")
def verify(store: Annotated[Path, typer.Argument(help="Code store.")]) -> Work:
    """Verify every byte of a code store against its digests."""
    from amhctl.workflows.codes import verify as verify_codes

    request = verify_codes.VerifyCodesRequest(store=store)
    return lambda progress: verify_codes.run(request, progress)


@app.command("merge")
@runs("codes merge", summary=True)
def merge(
    stores: Annotated[
        list[Path], typer.Argument(metavar="STORE...", help="Code stores with the same codec and speech level.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="New code store, a folder.")],
    force: options.Force = False,
) -> Work:
    """Merge several stores, or the shards of one. Nothing is encoded again."""
    from amhctl.workflows.codes import merge as merge_codes

    request = merge_codes.MergeCodesRequest(stores=tuple(stores), output=output, force=force)
    return lambda progress: merge_codes.run(request, progress)


@app.command("align")
@runs("codes align", summary=True)
def align(
    store: Annotated[Path, typer.Argument(help="Code store, made by `amhctl codes extract`.")],
    vocab: Annotated[Path, typer.Option("--vocab", help="Vocabulary model that splits the texts into pieces.")],
    preset: options.Preset = None,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    sets: options.Set = None,
    workers: Annotated[
        int,
        typer.Option(
            min=0, max=256, help="Worker processes; 0 uses the main process. The durations do not depend on it."
        ),
    ] = 0,
) -> Work:
    """Compute how many frames each text piece lasts. Voices with explicit durations need it."""
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
    return lambda progress: align_codes.run(request, progress)
