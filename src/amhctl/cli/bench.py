"""``amhctl bench``: speed and memory on this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


class Comparison(StrEnum):
    """Which variants of ``train``."""

    TRAINING = "training"
    ADAPTERS = "adapters"


@runs("bench")
def command(
    sections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SECTION]...", help="What to measure, all by default; the same as --only."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="speak, codes, vocoder, recogniser, data, text, startup, threads, dac or train; repeat the "
            "option or separate by commas.",
        ),
    ] = None,
    voice: Annotated[
        str | None, typer.Option("--voice", help="Bundled voice or checkpoint folder; m01 by default.")
    ] = None,
    codec: Annotated[
        str | None, typer.Option("--codec", help="Codec to measure, mel16k by default; a DAC weights file for dac.")
    ] = None,
    vocoder: Annotated[
        str | None, typer.Option("--vocoder", help="Vocoder to measure: name or folder; vocoder16k by default.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Manifest of recordings to measure on; generated if not given.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Text file to measure on; generated if not given.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--data", help="Code store for train; random codes if not given.")
    ] = None,
    vocabulary: Annotated[Path | None, typer.Option("--vocab", help="Vocabulary of the store's texts.")] = None,
    base: Annotated[
        Path | None,
        typer.Option("--base", help="UnifiedVoice that train fine-tunes, with all weights and with adapters."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Preset with the model shape that train measures; cpu by default.")
    ] = None,
    sets: options.Set = None,
    frames: Annotated[
        int | None,
        typer.Option("--frames", min=1, help="Training frames for each variant of train; 20000 by default."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", help="Variant of train to measure; all by default; may be repeated."),
    ] = None,
    compare: Annotated[
        Comparison | None,
        typer.Option(
            "--compare", help="Variants of train to compare: training settings, or adapters and full fine-tuning."
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="SVG file for a plot of the speeds of train.")] = None,
    force: options.Force = False,
    device: options.Device = "cpu",
) -> Work:
    """Measure speed and memory on this machine."""
    from amhctl.workflows import bench as benchmark
    from amhctl.workflows.bench_train import VariantsRequest

    wanted = _read_sections((*(sections or ()), *(only or ())), benchmark.SECTIONS)
    of_training = (store, vocabulary, base, preset, sets, frames, variant, compare, plot)
    if "train" not in wanted and any(option is not None for option in of_training):
        raise typer.BadParameter(
            "--data, --vocab, --base, --preset, --set, --frames, --variant, --compare and --plot "
            "belong to the section train"
        )
    request = benchmark.BenchmarkRequest(
        only=tuple(section for section in benchmark.SECTIONS if section in wanted),
        voice=voice or benchmark.DEFAULT_VOICE,
        codec=codec or benchmark.DEFAULT_CODEC,
        vocoder=vocoder or benchmark.DEFAULT_VOCODER,
        manifest=manifest,
        corpus=corpus,
        device=device,
        training=VariantsRequest(
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
    return lambda progress: benchmark.run(request, progress)


def _read_sections(words: tuple[str, ...], known: tuple[str, ...]) -> set[str]:
    wanted = [section for word in words for section in word.split(",") if section]
    if unknown := [section for section in wanted if section not in known]:
        raise typer.BadParameter(f"no section {unknown[0]!r}; there are {', '.join(known)}")
    return set(wanted)
