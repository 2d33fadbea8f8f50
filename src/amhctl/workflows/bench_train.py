"""The section ``train`` of ``bench``: ways of training one voice, each in a process of its own, side by side."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import torch

from amhctl.core.documents import parse_json
from amhctl.core.errors import EvaluationError, OptionError
from amhctl.core.progress import Progress, SilentProgress
from amhctl.evaluation.speed import peak_memory, resident_memory
from amhctl.inference.catalog import DEFAULT_VOICE, voice_path
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.huggingface_decoder import HuggingFaceDecoder
from amhctl.training.variant_figures import Unmeasured, VariantFigures
from amhctl.training.variant_speed import VariantTiming, time_variant
from amhctl.training.variants import FINE_TUNING, VARIANTS, Variant
from amhctl.workflows.bench_material import generate_store
from amhctl.workflows.train import TrainRequest, prepare

# The official layout: the text before the codes of one codebook.
_LAYOUT = ("model.alignment=none", "model.codebooks=1", "model.text_dropout=0", "training.text_weight=0.2")
_PLAIN = (
    "training.precision=fp32",
    "training.bucketing=false",
    "training.ema_decay=0",
    "training.checkpointing=false",
    "training.compile=false",
    "training.codebook_start=false",
    "training.needs_base=false",
)
Comparison = Literal["training", "adapters"]
"""Ways of training a voice from nothing, or of fine-tuning a base."""


@dataclass(frozen=True, slots=True)
class VariantsRequest:
    """What to train, and how long.

    Attributes
    ----------
    preset : str
        Shape and settings that all variants share.
    data, vocabulary : Path | None
        What to learn; without them something is made up, and losses say nothing.
    base : Path | None
        A voice to go on from: then fine-tuning is measured too.
    sets : tuple[str, ...]
        Settings that all variants share, over the preset.
    frames : int
        Frames that each learns from.
    variants : tuple[str, ...]
        Names of those to measure; none means all.
    compare : Comparison | None
        Which of them to measure where none is named; None means all.
    device : str
        Where to compute.
    """

    preset: str = "cpu"
    data: Path | None = None
    vocabulary: Path | None = None
    base: Path | None = None
    sets: tuple[str, ...] = ()
    frames: int = 20_000
    variants: tuple[str, ...] = ()
    compare: Comparison | None = None
    device: str = "cpu"


def choose_variants(request: VariantsRequest) -> tuple[Variant, ...]:
    """Return the variants to measure.

    Raises
    ------
    OptionError
        If one is not known, the data have no vocabulary, or there is no base to fine-tune.
    """
    if (request.data is None) != (request.vocabulary is None):
        raise OptionError("--data and --vocab must be given together", hint="give both, or neither")
    if request.compare == "adapters" and request.base is None:
        raise OptionError("adapters need a base", hint="pass --base VOICE")
    known = {each.name: each for each in (*VARIANTS, *(FINE_TUNING if request.base else ()))}
    if unknown := [name for name in request.variants if name not in known]:
        raise OptionError(f"no variant {unknown[0]!r}", hint=f"there are: {', '.join(known)}")
    usual = {None: tuple(known), "training": _names(VARIANTS), "adapters": _names(FINE_TUNING)}[request.compare]
    return tuple(each for name, each in known.items() if name in (request.variants or usual))


def _names(variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(each.name for each in variants)


def time_variants(
    request: VariantsRequest, scratch: Path, progress: Progress
) -> tuple[VariantFigures | Unmeasured, ...]:
    """Measure the variants, one after the other, each in a process of its own.

    What this machine lacks something for is told instead, unless it was named.

    Raises
    ------
    OptionError
        As ``choose_variants``.
    EvaluationError
        If a process fails, as it does where a variant was named for which something is missing.
    """
    chosen = choose_variants(request)
    data, vocabulary = request.data, request.vocabulary
    if data is None or vocabulary is None:
        vocabulary = voice_path(DEFAULT_VOICE) / "vocabulary.model"
        data = generate_store(scratch / "made-up")
    figures: list[VariantFigures | Unmeasured] = []
    progress.start("training", len(chosen), "variants")
    for variant in chosen:
        if (missing := variant.find_missing(request.device)) and not request.variants:
            figures.append(Unmeasured(variant, missing))
            progress.advance(note=f"{variant.name}: {missing} is missing")
            continue
        spec = {
            "preset": request.preset,
            "data": str(data.absolute()),
            "vocabulary": str(vocabulary.absolute()),
            "base": str(request.base.absolute()) if request.base and variant in FINE_TUNING else "",
            "sets": [*_shared_sets(request, variant), *variant.sets],
            "frames": request.frames,
            "device": request.device,
            "eager": variant.eager,
            "huggingface": variant.huggingface,
        }
        one = VariantFigures(variant, *_measure_apart(spec, variant.name))
        figures.append(one)
        progress.advance(note=f"{variant.name}: {one.frames_per_second:.0f} frames per second")
    progress.finish()
    return tuple(figures)


def _shared_sets(request: VariantsRequest, variant: Variant) -> Iterator[str]:
    # What goes on from a base keeps the base's shape.
    yield from _LAYOUT if request.preset in ("cpu", "tiny") and variant not in FINE_TUNING else ()
    yield from _PLAIN
    yield from request.sets


def _measure_apart(spec: dict[str, object], name: str) -> tuple[VariantTiming, int]:
    """Measure a variant in a process of its own, so that its peak of memory is that of it alone."""
    words = [sys.executable, "-m", "amhctl.workflows.bench_train", json.dumps(spec)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"
        raise EvaluationError(f"the measured training failed: {last}", subject=name)
    answer = cast("dict[str, dict[str, Any]]", parse_json(done.stdout.splitlines()[-1]))
    timing = VariantTiming(**answer["timing"])
    before = None if timing.before is None else (timing.before[0], timing.before[1])
    return replace(timing, before=before), int(answer["peak"]["bytes"])


def measure_here(spec: dict[str, object]) -> tuple[VariantTiming, int]:
    """Measure a variant in this process; ``spec`` as of ``time_variants``."""
    before = resident_memory()
    with tempfile.TemporaryDirectory(prefix="amhctl-bench-train-") as scratch:
        request = TrainRequest(
            preset=str(spec["preset"]),
            data=Path(str(spec["data"])),
            vocabulary=Path(str(spec["vocabulary"])),
            base=Path(str(spec["base"])) if spec["base"] else None,
            run=Path(scratch) / "run",
            sets=tuple(map(str, cast("list[object]", spec["sets"]))),
            device=str(spec["device"]),
        )
        run = prepare(request, SilentProgress()).run
        if spec["huggingface"]:
            if not isinstance(run.model, UnifiedVoice):
                raise OptionError("Hugging Face's GPT-2 can replace only the decoder of a UnifiedVoice")
            run.model.gpt = HuggingFaceDecoder(run.model.config, run.model.gpt)  # type: ignore[assignment]
        timing = time_variant(
            run,
            frames=int(str(spec["frames"])),
            device=str(spec["device"]),
            eager=bool(spec["eager"]),
            # What nothing has learnt yet has no loss worth a pass over the validation set.
            before=bool(spec["base"]),
        )
    if torch.cuda.is_available() and str(spec["device"]).startswith(("cuda", "auto")):
        return timing, int(torch.cuda.max_memory_allocated())
    return timing, max(0, peak_memory() - before)


def main() -> None:
    """Measure the variant that the command line describes, and print what it took as a line of JSON."""
    timing, peak = measure_here(cast("dict[str, object]", parse_json(sys.argv[1])))
    sys.stdout.write(json.dumps({"timing": asdict(timing), "peak": {"bytes": peak}}) + "\n")


if __name__ == "__main__":
    main()
