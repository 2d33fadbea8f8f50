"""The section ``indextts2`` of ``bench``: IndexTTS-2 at its published size, in several variants, side by side."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch

from amhctl.core.documents import parse_json
from amhctl.core.errors import EvaluationError, OptionError, ShortageError
from amhctl.core.memory import available_memory
from amhctl.core.progress import Progress
from amhctl.core.units import Precision
from amhctl.devices.compiler import find_missing
from amhctl.devices.device import choose_device
from amhctl.devices.precision import computes_in
from amhctl.model.official import OFFICIAL
from amhctl.workflows.indextts2_speed import PARTS, NetworkSizes, Times, Trial, count_weights

# Of the process without weights, and of activations: 0.8 GiB were measured.
_BESIDE_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class SpeakingVariant:
    """One way of speaking.

    Attributes
    ----------
    name : str
        What it is called.
    precision : Precision
        In what is multiplied.
    compiled : bool
        Whether the steps of the GPT are compiled.
    """

    name: str
    precision: Precision
    compiled: bool = False

    def find_missing(self, device: torch.device) -> str:
        """Return in words what a device lacks for it; nothing if it is all there."""
        if not computes_in(self.precision, device):
            return f"native {self.precision} on the device {device}"
        return find_missing(device) if self.compiled else ""

    def is_usual(self, device: torch.device) -> bool:
        """Return whether it is measured on a device without being named: compiled steps are for CUDA devices."""
        return not self.compiled or device.type == "cuda"


SPEAKING_VARIANTS = (
    SpeakingVariant("fp32", "fp32"),
    SpeakingVariant("bf16", "bf16"),
    SpeakingVariant("fp16", "fp16"),
    SpeakingVariant("compile", "fp32", compiled=True),
    SpeakingVariant("compile-bf16", "bf16", compiled=True),
)


@dataclass(frozen=True, slots=True)
class SpeakingRequest:
    """What to measure.

    Attributes
    ----------
    speech, prompt : float
        Seconds of speech, and of the clip whose voice it has.
    steps : int
        Of flow matching.
    sentences : int
        How many are decoded together.
    layers : int
        Of the GPT; fewer than the published ones take less time and memory, in proportion.
    variants : tuple[str, ...]
        Names of those to measure; none means all that the machine can.
    device : str
        Where to compute.
    sizes : NetworkSizes
        The networks.
    """

    speech: float = 5.0
    prompt: float = 5.0
    steps: int = 25
    sentences: int = 1
    layers: int = OFFICIAL.layers
    variants: tuple[str, ...] = ()
    device: str = "cpu"
    sizes: NetworkSizes = field(default_factory=NetworkSizes)

    def trial(self, variant: SpeakingVariant) -> Trial:
        """Return what a variant does."""
        gpt = self.sizes.gpt.model_copy(update={"layers": self.layers})
        return Trial(
            sizes=replace(self.sizes, gpt=gpt),
            device=choose_device(self.device),
            precision=variant.precision,
            speech=self.speech,
            prompt=self.prompt,
            steps=self.steps,
            sentences=self.sentences,
            compiled=variant.compiled,
        )


@dataclass(frozen=True, slots=True)
class SpeakingFigures:
    """What a variant took on this machine, or what the machine lacks for it.

    Attributes
    ----------
    variant : SpeakingVariant
        Which.
    trial : Trial
        What it did.
    times : Times | None
        What it took.
    weights : int
        Bytes of its weights.
    missing : str
        What the machine lacks.
    """

    variant: SpeakingVariant
    trial: Trial
    times: Times | None = None
    weights: int = 0
    missing: str = ""

    @property
    def factor(self) -> float | None:
        """Seconds for a second of speech, without the prompt: below 1 is faster than speech."""
        if self.times is None:
            return None
        return sum(seconds for name, seconds in self.times.seconds.items() if name != "prompt") / self.trial.speech

    def row(self) -> dict[str, object]:
        """Return the figures as ``--json`` tells them."""
        trial, times = self.trial, self.times or Times({}, {}, 0)
        return {
            "variant": self.variant.name,
            "device": trial.device,
            "precision": trial.precision,
            "speech": trial.speech,
            "prompt": trial.prompt,
            "steps": trial.steps,
            "sentences": trial.sentences,
            "layers": trial.sizes.gpt.layers,
            "realtime_factor": None if self.factor is None else round(self.factor, 4),
            "seconds": {name: round(value, 4) for name, value in times.seconds.items()},
            "processor_seconds": {name: round(value, 4) for name, value in times.processor.items()},
            "weights_bytes": self.weights,
            "peak_bytes": times.peak_bytes,
            "missing": self.missing or None,
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines of the table that ``head`` begins: seconds by the clock, and those of processors."""
        if self.times is None or self.factor is None:
            yield f"{self.variant.name:<14} not measured: {self.missing} is missing"
            return
        gibs = f"{self.weights / 2**30:>9.2f}{self.times.peak_bytes / 2**30:>9.2f}"
        yield f"{self.variant.name:<14}{_columns(self.times.seconds)}{self.factor:>9.3f}{gibs}"
        yield f"{'  cpu':<14}{_columns(self.times.processor)}"


def _columns(seconds: dict[str, float]) -> str:
    return "".join(f"{seconds[name]:>13.2f}" for name in PARTS)


def head(trial: Trial) -> tuple[str, str]:
    """Return the two lines that come before those of figures."""
    parts = "".join(f"{name:>13}" for name in PARTS)
    what = (
        f"IndexTTS-2 with random weights, {trial.sizes.gpt.layers} layers, on {trial.device}: "
        f"{trial.speech:g} s of speech after a prompt of {trial.prompt:g} s, {trial.steps} steps, "
        f"{trial.sentences} sentence(s) decoded together; "
        "seconds by the clock, and of processors (cpu)"
    )
    return what, f"{'variant':<14}{parts}{'factor':>9}{'weights':>9}{'peak GiB':>9}"


def choose_speaking(request: SpeakingRequest) -> tuple[SpeakingVariant, ...]:
    """Return the variants to measure.

    Raises
    ------
    OptionError
        If one is not known.
    """
    device = torch.device(choose_device(request.device))
    known = {each.name: each for each in SPEAKING_VARIANTS}
    if unknown := [name for name in request.variants if name not in known]:
        raise OptionError(f"no variant {unknown[0]!r}", hint=f"there are: {', '.join(known)}")
    usual = [name for name, each in known.items() if each.is_usual(device)]
    return tuple(each for name, each in known.items() if name in (request.variants or usual))


def time_speaking(request: SpeakingRequest, progress: Progress) -> tuple[SpeakingFigures, ...]:
    """Measure the variants, one after the other, each in a process of its own.

    What the device lacks something for is told instead, unless it was named.

    Raises
    ------
    OptionError
        If a variant is not known, or a named one is not possible on the device.
    ShortageError
        If the memory does not suffice for one.
    EvaluationError
        If a process fails.
    """
    chosen = choose_speaking(request)
    figures = []
    progress.start("speaking", len(chosen), "variants")
    for variant in chosen:
        trial = request.trial(variant)
        if missing := variant.find_missing(torch.device(trial.device)):
            if request.variants:
                raise OptionError(f"the variant {variant.name} needs {missing}", subject="--variant")
            figures.append(SpeakingFigures(variant, trial, missing=missing))
            progress.advance(note=f"{variant.name}: {missing} is missing")
            continue
        weights = require_memory(trial)
        figures.append(SpeakingFigures(variant, trial, _measure_apart(trial, variant.name), weights))
        progress.advance(note=f"{variant.name}: real-time factor {figures[-1].factor:.2f}")
    progress.finish()
    return tuple(figures)


def require_memory(trial: Trial) -> int:
    """Return the bytes of a trial's weights, if its device has room for them and for what is computed.

    Raises
    ------
    ShortageError
        If it has not.
    """
    weights = count_weights(trial.sizes, trial.precision)
    device = torch.device(trial.device)
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_memory()
    needed = weights + _BESIDE_BYTES
    if free is not None and free < needed:
        raise ShortageError(
            f"IndexTTS-2 in {trial.precision} needs {needed / 2**30:.1f} GiB of memory, {free / 2**30:.1f} are free",
            subject=f"device {trial.device}",
            hint="end other programs, use --variant bf16, or --layers for fewer of the 24 layers of the GPT",
        )
    return weights


def _measure_apart(trial: Trial, name: str) -> Times:
    """Measure in a process of its own, so that its peak of memory is that of the trial alone."""
    words = [sys.executable, "-m", "amhctl.workflows.indextts2_speed", trial.to_json()]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"
        raise EvaluationError(f"the measured process failed: {last}", subject=name)
    return Times(**cast("dict[str, Any]", parse_json(done.stdout.splitlines()[-1])))
