"""The section ``train`` of ``bench``: ways of training one voice, each in a process of its own, side by side.

A variant is a few settings of the trainer over those of the baseline, which does without all of them. Two things are no
settings: attention by torch's reference arithmetic instead of its fused kernels, and Hugging Face's GPT-2 in the place
of our decoder, as forks of IndexTTS train it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch

from amhctl.codec.registry import DEFAULT_CODEC, load_codec
from amhctl.codes.writer import StoreWriter
from amhctl.config.mel import MelConfig
from amhctl.core.documents import parse_json
from amhctl.core.errors import EvaluationError, OptionError
from amhctl.core.progress import Progress, SilentProgress
from amhctl.corpus.records import Record
from amhctl.devices.device import choose_device
from amhctl.evaluation.speed import peak_memory, resident_memory
from amhctl.inference.catalog import DEFAULT_VOICE, voice_path
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.compilation import find_missing
from amhctl.training.huggingface_decoder import HuggingFaceDecoder
from amhctl.training.variant_speed import VariantTiming, time_variant
from amhctl.workflows.train import TrainRequest, prepare

_SENTENCE = "ዛሬ ብዙ ሰዎች የሚኖሩባት ትልቅ ከተማ ናት።"
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
_CLIPS = 96
Comparison = Literal["training", "adapters"]
"""Ways of training a voice from nothing, or of fine-tuning a base."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of training.

    Attributes
    ----------
    name : str
        What it is called.
    sets : tuple[str, ...]
        Its settings, over those of the baseline.
    eager : bool
        Whether attention is computed step by step.
    huggingface : bool
        Whether the decoder is that of Hugging Face.
    note : str
        What it is.
    package : str
        A package that it needs and that is an extra, or empty.
    compiled : bool
        Whether it needs what compiles.
    """

    name: str
    sets: tuple[str, ...]
    note: str
    eager: bool = True
    huggingface: bool = False
    package: str = ""
    compiled: bool = False

    def find_missing(self, device: str) -> str:
        """Return in words what this machine lacks to train it on a device; nothing if it is all here."""
        if self.package and find_spec(self.package) is None:
            return f"the package {self.package}"
        return find_missing(torch.device(choose_device(device))) if self.compiled else ""


_BUCKETING = "training.bucketing=true"
_EMA = "training.ema_decay=0.995"
_ALL = ("training.precision=auto", _BUCKETING, _EMA)
VARIANTS = (
    Variant("huggingface", (), "Hugging Face's GPT-2 as forks use it", huggingface=True, package="transformers"),
    Variant("baseline", (), "our decoder, eager attention, fp32, batches at random"),
    Variant("sdpa", (), "and fused attention", eager=False),
    Variant("bf16", ("training.precision=bf16",), "and bf16 arithmetic"),
    Variant("checkpointing", ("training.checkpointing=true",), "and activations computed anew in the backward pass"),
    Variant("bucketing", (_BUCKETING,), "and batches of like length"),
    # Compiled blocks take fused attention as they find it: apart from that, it is to be read against sdpa.
    Variant("compile", ("training.compile=true",), "and fused attention, compiled blocks", eager=False, compiled=True),
    Variant("ema", (_EMA,), "and averaged weights"),
    Variant("all", _ALL, "what helps on this machine, together", eager=False),
)
_BESIDE = "beside the frozen layers of a base, embeddings and heads with them, at a rate of 1e-3"
FINE_TUNING = (
    Variant("full", (*_ALL, "training.learning_rate=2e-4"), "all weights of a base, at a rate of 2e-4", eager=False),
    Variant(
        "lora",
        (*_ALL, "training.adapter.method=lora", "training.learning_rate=1e-3"),
        f"low-rank adapters {_BESIDE}",
        eager=False,
        package="peft",
    ),
    Variant(
        "dora",
        (*_ALL, "training.adapter.method=dora", "training.learning_rate=1e-3"),
        f"the same with a magnitude apart, {_BESIDE}",
        eager=False,
        package="peft",
    ),
)
"""Ways to go on from a base, each at a rate that is usual for it."""


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """What a variant took on this machine.

    Attributes
    ----------
    variant : Variant
        Which.
    timing : VariantTiming
        Its time and its loss.
    peak_bytes : int
        Largest memory, without that of the program before it began.
    """

    variant: Variant
    timing: VariantTiming
    peak_bytes: int

    @property
    def frames_per_second(self) -> float:
        """Frames learnt from in a second by the clock."""
        return self.timing.frames / self.timing.seconds

    @property
    def frames_per_processor_second(self) -> float:
        """The same of processor time, which other work on the machine does not change much."""
        return self.timing.frames / self.timing.processor

    def row(self) -> dict[str, object]:
        """Return the figures as ``--json`` tells them."""
        timing = self.timing
        return {
            "variant": self.variant.name,
            "note": self.variant.note,
            "settings": list(self.variant.sets),
            "steps": timing.steps,
            "frames": timing.frames,
            "seconds": round(timing.seconds, 3),
            "steps_per_second": round(timing.steps / timing.seconds, 4),
            "frames_per_second": round(self.frames_per_second, 2),
            "frames_per_processor_second": round(self.frames_per_processor_second, 2),
            "padding": round(1.0 - timing.frames / timing.padded, 4),
            "peak_bytes": self.peak_bytes,
            "trainable": timing.trainable,
            "loss": round(timing.loss, 5),
            "total_loss": round(timing.total, 5),
            "loss_before": None if timing.before is None else round(timing.before[0], 5),
            "total_loss_before": None if timing.before is None else round(timing.before[1], 5),
            "warmup_seconds": round(timing.warmup, 3),
        }

    def line(self, yardstick: float) -> str:
        """Return the figures in a line of the table that ``HEAD`` begins; ``yardstick`` is the speed that is 1."""
        timing = self.timing
        return (
            f"{self.variant.name:<14}{timing.steps / timing.seconds:>9.3f}{self.frames_per_second:>10.1f}"
            f"{self.frames_per_processor_second:>12.1f}{self.frames_per_processor_second / yardstick:>8.2f}"
            f"{100 * (1 - timing.frames / timing.padded):>8.0f} %{self.peak_bytes / 2**30:>9.2f}"
            f"{timing.trainable / 1e6:>10.2f}{timing.loss:>9.4f}{timing.total:>9.4f}"
            + (f"{timing.before[0]:>9.4f}{timing.before[1]:>9.4f}" if timing.before else "")
        )


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A variant that this machine cannot train.

    Attributes
    ----------
    variant : Variant
        Which.
    missing : str
        What it lacks.
    """

    variant: Variant
    missing: str

    def row(self) -> dict[str, object]:
        """Return what is missing as ``--json`` tells it."""
        return {
            "variant": self.variant.name,
            "note": self.variant.note,
            "settings": list(self.variant.sets),
            "missing": self.missing,
        }

    def line(self, yardstick: float) -> str:
        """Return a line of the table."""
        return f"{self.variant.name:<14} not measured: {self.missing} is missing"


HEAD = (
    f"{'variant':<14}{'steps/s':>9}{'frames/s':>10}{'frames/cpus':>12}{'ratio':>8}{'padding':>10}{'GiB':>9}"
    f"{'M learnt':>10}{'loss':>9}{'total':>9}"
)
HEAD_BEFORE = f"{'before':>9}{'total':>9}"
"""What follows in the head where a base is fine-tuned: both losses before the first step."""


def measured(figures: Sequence[VariantFigures | Unmeasured]) -> tuple[VariantFigures, ...]:
    """Return the figures of those that were measured."""
    return tuple(each for each in figures if isinstance(each, VariantFigures))


def yardstick_of(figures: Sequence[VariantFigures | Unmeasured]) -> float:
    """Return the frames a processor second by which variants are compared: those of Hugging Face, or of the first.

    1 where nothing was measured.
    """
    named = {each.variant.name: each.frames_per_processor_second for each in measured(figures)}
    return named.get("huggingface", next(iter(named.values()), 1.0))


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
        raise OptionError("--data and --vocab go together", hint="a vocabulary is that of the texts of a store")
    if request.compare == "adapters" and request.base is None:
        raise OptionError("adapters go with a base", hint="pass --base VOICE")
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
        data = _make_store(scratch / "made-up")
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
        progress.advance(note=f"{variant.name}: {one.frames_per_second:.0f} frames a second")
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
                raise OptionError("Hugging Face's GPT-2 takes the place of a UnifiedVoice's decoder alone")
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


def _make_store(folder: Path) -> Path:
    """Write a store of codes by chance, of one to twelve seconds as sentences are, most of them short."""
    generator = np.random.default_rng(0)
    spec, mel = load_codec(DEFAULT_CODEC).spec, MelConfig()
    with StoreWriter.create(folder, spec, mel) as store:
        for index in range(_CLIPS):
            seconds = float(np.clip(generator.lognormal(1.2, 0.6), 1.0, 12.0))
            frames = max(8, round(seconds * spec.sample_rate / spec.frame_samples))
            record = Record(
                id=f"clip{index:03d}",
                audio=f"clip{index:03d}.wav",
                text=" ".join([_SENTENCE] * max(1, round(seconds / 3))),
                speaker="nobody",
                split="valid" if index < _CLIPS // 12 else "train",
            )
            codes_QS = generator.integers(0, spec.codebook_size, (spec.codebooks, frames), dtype=np.uint16)
            feature_frames = round(seconds * mel.sample_rate / mel.hop_samples)
            features_TF = generator.normal(size=(feature_frames, mel.bins)).astype(np.float32)
            store.append(record, codes_QS, features_TF)
    return folder


def main() -> None:
    """Measure the variant that the command line describes, and print what it took as a line of JSON."""
    timing, peak = measure_here(cast("dict[str, object]", parse_json(sys.argv[1])))
    sys.stdout.write(json.dumps({"timing": asdict(timing), "peak": {"bytes": peak}}) + "\n")


if __name__ == "__main__":
    main()
