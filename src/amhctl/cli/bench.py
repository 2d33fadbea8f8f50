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
        typer.Argument(
            metavar="[SECTION]...",
            help="What to measure; the same as --only. By default all sections except dac, indextts2 and train.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="speak, codes, vocoder, recogniser, data, text, startup, threads, dac, indextts2 or train; repeat "
            "the option or separate by commas.",
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
        typer.Option("--variant", help="Variant of train or indextts2 to measure; all by default; may be repeated."),
    ] = None,
    speech: Annotated[
        float | None,
        typer.Option(
            "--speech",
            min=0.1,
            max=30.0,
            callback=options.require_number,
            help="Seconds of speech that indextts2 generates; 5 by default.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, max=100, help="Flow-matching steps of indextts2; 25 by default."),
    ] = None,
    sentences: Annotated[
        int | None,
        typer.Option(
            "--sentences",
            min=1,
            max=64,
            help="Sentences that indextts2 decodes together, as in long texts; 1 by default.",
        ),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(
            "--layers", min=1, max=24, help="Layers of the GPT of indextts2: fewer take less memory; 24 by default."
        ),
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
    from amhctl.workflows.bench_speaking import SpeakingRequest
    from amhctl.workflows.bench_train import VariantsRequest

    wanted = _read_sections((*(sections or ()), *(only or ())), benchmark.SECTIONS)
    _require_owner(
        wanted,
        {
            "--data, --vocab, --base, --preset, --set, --frames, --compare and --plot": (
                ("train",),
                (store, vocabulary, base, preset, sets, frames, compare, plot),
            ),
            "--speech, --steps, --sentences and --layers": (("indextts2",), (speech, steps, sentences, layers)),
            "--variant": (("train", "indextts2"), (variant,)),
        },
    )
    request = benchmark.BenchmarkRequest(
        only=tuple(section for section in benchmark.SECTIONS if section in wanted),
        voice=voice or benchmark.DEFAULT_VOICE,
        codec=codec or benchmark.DEFAULT_CODEC,
        vocoder=vocoder or benchmark.DEFAULT_VOCODER,
        manifest=manifest,
        corpus=corpus,
        device=device,
        speaking=SpeakingRequest(
            speech=speech or 5.0,
            steps=steps or 25,
            sentences=sentences or 1,
            layers=layers or 24,
            variants=tuple(variant or ()),
            device=device,
        ),
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


def _require_owner(wanted: set[str], groups: dict[str, tuple[tuple[str, ...], tuple[object, ...]]]) -> None:
    """Refuse options whose sections are not measured, and those that could be of two sections that are."""
    for names, (owners, values) in groups.items():
        if not any(value is not None for value in values):
            continue
        among = [owner for owner in owners if owner in wanted]
        if not among:
            plural = "belongs to the section" if "," not in names and " and " not in names else "belong to the section"
            raise typer.BadParameter(f"{names} {plural} {' or '.join(owners)}")
        if len(among) > 1:
            raise typer.BadParameter(f"{names} is for one section: measure {' and '.join(among)} in two commands")
