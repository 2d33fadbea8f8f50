"""``amhctl bench``: speed and memory on this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import typer

from amhctl.cli import options
from amhctl.cli.app import execute


class Comparison(StrEnum):
    """Which variants of ``train``."""

    TRAINING = "training"
    ADAPTERS = "adapters"


def command(
    sections: Annotated[
        list[str] | None, typer.Argument(metavar="[SECTION]...", help="What to measure, as with --only.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="speak, codes, vocoder, data, text, startup, threads, dac or train; repeat it, or join by commas.",
        ),
    ] = None,
    voice: Annotated[str | None, typer.Option("--voice", help="Bundled voice or checkpoint folder.")] = None,
    codec: Annotated[str | None, typer.Option("--codec", help="Codec to measure; a DAC weights file for dac.")] = None,
    vocoder: Annotated[str | None, typer.Option("--vocoder", help="Vocoder to measure: name or folder.")] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Recordings to measure on; otherwise some are generated.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Text to measure on; otherwise some is generated.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--data", help="Code store for train; otherwise codes are made up.")
    ] = None,
    vocabulary: Annotated[Path | None, typer.Option("--vocab", help="Vocabulary of its texts.")] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="UnifiedVoice that train fine-tunes, in full and by adapters.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Shape of the voice that train measures; cpu by default.")
    ] = None,
    sets: options.Set = None,
    frames: Annotated[
        int | None,
        typer.Option("--frames", min=1, help="Frames that each variant of train learns from; 20000 by default."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="Variant of train to measure; all by default; repeat it.")
    ] = None,
    compare: Annotated[
        Comparison | None,
        typer.Option("--compare", help="Which variants of train: ways of training, or adapters and full fine-tuning."),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Where to draw the speeds of train, an SVG file.")] = None,
    force: options.Force = False,
    device: options.Device = "cpu",
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Measure speed and memory on this machine."""
    from amhctl.workflows import bench as benchmark
    from amhctl.workflows import bench_train as train_variants

    wanted = [section for item in (*(sections or []), *(only or [])) for section in item.split(",") if section]
    unknown = [section for section in wanted if section not in benchmark.SECTIONS]
    if unknown:
        raise typer.BadParameter(f"no section {unknown[0]!r}; there are {', '.join(get_args(benchmark.Section))}")
    of_training = (store, vocabulary, base, preset, sets, frames, variant, compare, plot)
    if "train" not in wanted and any(option is not None for option in of_training):
        raise typer.BadParameter(
            "--data, --vocab, --base, --preset, --set, --frames, --variant, --compare and --plot are of train"
        )
    request = benchmark.BenchmarkRequest(
        only=tuple(section for section in benchmark.SECTIONS if section in wanted),
        voice=voice or benchmark.DEFAULT_VOICE,
        codec=codec or benchmark.DEFAULT_CODEC,
        vocoder=vocoder or benchmark.DEFAULT_VOCODER,
        manifest=manifest,
        corpus=corpus,
        device=device,
        training=train_variants.VariantsRequest(
            preset=preset or "cpu",
            data=store,
            vocabulary=vocabulary,
            base=base,
            sets=tuple(sets or ()),
            frames=frames or 20_000,
            variants=tuple(variant or ()),
            compare=None if compare is None else compare.value,
            device=device,
        ),
        plot=plot,
        force=force,
    )
    execute("bench", lambda progress: benchmark.run(request, progress), json=json, quiet=quiet, verbose=verbose)
