"""What ways of training took on a machine, as a row of JSON and as a line of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.training.variant_speed import VariantTiming
from amhctl.training.variants import Variant


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
