"""``amhctl bench``: how fast amhctl is on this machine, and how much memory it takes. Measures, does not judge."""

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from amhctl.codec.registry import DEFAULT_CODEC as DEFAULT_CODEC
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER as DEFAULT_VOCODER
from amhctl.core.files import write_text_atomically
from amhctl.core.outputs import FileKind, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.evaluation.speed import Machine, describe_machine
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.pages.barchart import Bar, draw_bars
from amhctl.training.variant_figures import HEAD, HEAD_BEFORE, Unmeasured, VariantFigures, measured, yardstick_of
from amhctl.workflows.bench_sections import MEASURES, Measurement, Section, Subject
from amhctl.workflows.bench_speaking import SpeakingFigures, SpeakingRequest, head, time_speaking
from amhctl.workflows.bench_train import VariantsRequest, time_variants

SECTIONS: tuple[Section, ...] = (
    "speak",
    "codes",
    "vocoder",
    "recogniser",
    "data",
    "text",
    "startup",
    "threads",
    "dac",
    "indextts2",
    "train",
)
# The comparison needs a DAC weights file, which is not in the package; IndexTTS-2 at its published size needs some GiB
# of memory and some minutes, and training takes many.
_USUAL: tuple[Section, ...] = ("speak", "codes", "vocoder", "recogniser", "data", "text", "startup", "threads")
DRAWING = FileKind("an SVG plot", re.compile(rb"\s*<svg"))


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What to measure.

    Attributes
    ----------
    only : tuple[Section, ...]
        Sections; none means all but ``dac``, which needs a DAC weights file as the codec, and ``indextts2`` and
        ``train``, which take long.
    voice, codec, vocoder : str
        What to measure.
    manifest : Path | None
        Recordings for ``codes`` and ``data``; None generates some.
    corpus : Path | None
        Text for ``text``, and to train a vocabulary on; None generates some and trains none.
    repetitions : int
        The median of so many is taken.
    device : str
        Where to compute.
    speaking : SpeakingRequest
        What ``indextts2`` measures.
    training : VariantsRequest
        What ``train`` measures.
    plot : Path | None
        Where to draw its speeds.
    force : bool
        Whether an earlier drawing may be replaced.
    """

    only: tuple[Section, ...] = ()
    voice: str = DEFAULT_VOICE
    codec: str = DEFAULT_CODEC
    vocoder: str = DEFAULT_VOCODER
    manifest: Path | None = None
    corpus: Path | None = None
    repetitions: int = 3
    device: str = "cpu"
    speaking: SpeakingRequest = field(default_factory=SpeakingRequest)
    training: VariantsRequest = field(default_factory=VariantsRequest)
    plot: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class BenchmarkReport(PlainReport):
    """All figures and the machine they belong to."""

    measurements: tuple[Measurement, ...]
    machine: Machine
    speaking: tuple[SpeakingFigures, ...] = ()
    training: tuple[VariantFigures | Unmeasured, ...] = ()

    def payload(self) -> dict[str, object]:
        """Return the figures and the machine."""
        return {
            "machine": {
                "processor": self.machine.processor,
                "cores": self.machine.cores,
                "memory_gib": round(self.machine.memory_gib, 1),
                "system": self.machine.system,
                "python": self.machine.python,
            },
            "results": {
                item.name: {"value": round(item.value, 4), "unit": item.unit, "note": item.note}
                for item in self.measurements
            },
            "indextts2": [each.row() for each in self.speaking],
            "training": [each.row() for each in self.training],
        }

    def lines(self) -> Iterable[str]:
        """Return a line a figure, the machine first."""
        yield self.machine.line()
        for item in self.measurements:
            yield f"{item.name:<26}{item.value:>10.3f} {item.unit:<12} {item.note}"
        if self.speaking:
            yield from head(self.speaking[0].trial)
            for figures in self.speaking:
                yield from figures.lines()
        if self.training:
            yield HEAD + (HEAD_BEFORE if any(each.timing.before for each in measured(self.training)) else "")
            yardstick = yardstick_of(self.training)
            yield from (each.line(yardstick) for each in self.training)


def run(request: BenchmarkRequest, progress: Progress) -> BenchmarkReport:
    """Measure what was asked for, one thing after the other.

    Raises
    ------
    AmhctlError
        If the voice, the codec, the vocoder or the manifest cannot be used.
    """
    wanted = request.only or _USUAL
    if request.plot is not None:
        read = (request.training.data, request.training.vocabulary, request.training.base)
        require_output_file(request.plot, DRAWING, force=request.force, sources=[each for each in read if each])
    results: list[Measurement] = []
    figures: tuple[VariantFigures | Unmeasured, ...] = ()
    speaking: tuple[SpeakingFigures, ...] = ()
    progress.start("measuring", len(wanted), "sections")
    with tempfile.TemporaryDirectory(prefix="amhctl-bench-") as scratch:
        subject = _subject_of(request, Path(scratch))
        for section, measure in MEASURES.items():
            if section in wanted:
                results += measure(subject)
                progress.advance(note=section)
        if "indextts2" in wanted:
            speaking = time_speaking(request.speaking, progress)
        if "train" in wanted:
            figures = time_variants(request.training, Path(scratch), progress)
    progress.finish()
    if request.plot is not None and measured(figures):
        _draw(request.plot, measured(figures))
    return BenchmarkReport(tuple(results), describe_machine(), speaking, figures)


def _draw(path: Path, figures: tuple[VariantFigures, ...]) -> None:
    """Draw the speeds of training beside one another."""
    yardstick = yardstick_of(figures)
    bars = [
        Bar(
            each.variant.name,
            each.frames_per_processor_second,
            f"{each.frames_per_processor_second:.0f}, {each.frames_per_processor_second / yardstick:.2f} times",
        )
        for each in figures
    ]
    write_text_atomically(path, draw_bars("training frames per processor second", bars))


def _subject_of(request: BenchmarkRequest, scratch: Path) -> Subject:
    return Subject(
        voice=request.voice,
        codec=request.codec,
        vocoder=request.vocoder,
        manifest=request.manifest,
        corpus=request.corpus,
        repetitions=request.repetitions,
        device=request.device,
        scratch=scratch,
    )
