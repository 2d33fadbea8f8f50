"""``ckpt average``: one voice out of several that were trained from the same start: the mean of their weights.

Voices that were fine-tuned from one checkpoint, by other seeds or rates, are in one basin: their mean is often better
than each (Wortsman et al. 2022, "Model soups", arXiv 2203.05482). Whether it is, a validation set must say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from amhctl import __version__
from amhctl.checkpoint.folder import CHECKPOINT, WEIGHTS_FILE, manifest_differences
from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.core.errors import CheckpointError, OptionError
from amhctl.core.files import sha256_of_json
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.model.soundness import find_faults, read_voice
from amhctl.workflows.ckpt.written import WrittenCheckpoint
from amhctl.workflows.provenance import merge_provenance

RULES = Rules(
    Rule(
        "C018",
        Severity.WARNING,
        "voices normalise text differently",
        "One of the averaged voices was trained with another text frontend than the first one, "
        "whose frontend the new voice uses.",
    ),
)
# What must be equal: weights that learnt other pieces or codes have no common mean.
_EQUAL = (
    "model_version",
    "language",
    "sample_rate",
    "config",
    "vocabulary",
    "codec",
    "vocoder",
    "speakers",
    "conditioning",
    "level",
)


@dataclass(frozen=True, slots=True)
class AverageCheckpointsRequest:
    """Which voices, and where to write their mean.

    Attributes
    ----------
    checkpoints : tuple[Path, ...]
        Two or more; the reading, the prompt and the codec beside it are the first one's.
    output : Path
        Folder to write.
    name : str | None
        Name of the mean; the first one's by default.
    force : bool
        Whether an existing output may be replaced.
    """

    checkpoints: tuple[Path, ...]
    output: Path
    name: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class AverageCheckpointsReport(WrittenCheckpoint):
    """What was written, and how far the voices lay from it."""

    distances: tuple[float, ...]
    findings: tuple[Finding, ...]

    def figures(self) -> dict[str, object]:
        """Return ``distances``."""
        return {"distances": list(self.distances)}

    def lines(self) -> Iterable[str]:
        """Return what was written and how far from it the voices lay."""
        apart = ", ".join(f"{distance:.1%}" for distance in self.distances)
        yield f"{self.output}: {self.manifest.name}, the average of {len(self.distances)} voices"
        yield f"relative distances of their weights from the average: {apart}"


def run(request: AverageCheckpointsRequest, progress: Progress) -> AverageCheckpointsReport:
    """Write the mean of voices.

    Raises
    ------
    OptionError
        If there are fewer than two.
    CheckpointError
        If one is broken or no voice, they differ in more than what training changes, or their mean is not sound.
    FileExistsRefused
        If the output exists and was not to be overwritten, or is one of the voices.
    """
    require_output_folder(request.output, CHECKPOINT, force=request.force, sources=request.checkpoints)
    if len(request.checkpoints) < 2:
        raise OptionError("give two or more voices to average", subject=", ".join(map(str, request.checkpoints)))
    progress.say("verifying")
    voices = [read_voice(folder) for folder in request.checkpoints]
    first = voices[0]
    for other in voices[1:]:
        _require_alike(first, other)
    mean = _average([voice.tensors for voice in voices])
    manifests = [voice.manifest for voice in voices]
    provenance = merge_provenance(manifests)
    weights = [manifest.files[WEIGHTS_FILE] for manifest in manifests]
    manifest = write_checkpoint(
        request.output,
        manifest=first.manifest.model_copy(
            update={
                "name": request.name or first.manifest.name,
                "package_version": __version__,
                "data_fingerprint": _common([manifest.data_fingerprint for manifest in manifests]),
                "parent": _common([manifest.parent for manifest in manifests]),
                "licences": provenance.licences,
                "processing": provenance.processing or None,
                "metrics": {},
                "training": first.manifest.training | {"mean_of": weights},
            }
        ),
        tensors=mean,
        extra_files=first.read_others(),
        beside=first.beside,
        check=find_faults,
        force=request.force,
    )
    distances = tuple(_distance(voice.tensors, mean) for voice in voices)
    return AverageCheckpointsReport(request.output, manifest, distances, tuple(_find_readings(voices)))


def _find_readings(voices: Sequence[LoadedCheckpoint]) -> Iterator[Finding]:
    for voice in voices[1:]:
        if voice.manifest.text != voices[0].manifest.text:
            message = f"normalises text differently from {voices[0].folder}, whose text state is used"
            hint = f"`amhctl ckpt validate {voice.folder} --against {voices[0].folder}` lists what differs"
            yield RULES.finding("C018", str(voice.folder), message, hint)


def _require_alike(first: LoadedCheckpoint, other: LoadedCheckpoint) -> None:
    ours, theirs = (completed(one.manifest).model_dump(mode="json", include=set(_EQUAL)) for one in (first, other))
    if differences := manifest_differences(ours, theirs):
        raise CheckpointError(
            f"these voices cannot be averaged: {'; '.join(map(str, differences))}",
            subject=f"{first.folder}, {other.folder}",
            hint="average voices that were fine-tuned from one checkpoint on the same codes and vocabulary",
        )


def _average(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each tensor, in double precision until it is stored as it was."""
    return {
        name: torch.stack([part[name].double() for part in parts]).mean(dim=0).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in parts[0].items()
    }


def _distance(tensors: Mapping[str, Tensor], mean: Mapping[str, Tensor]) -> float:
    """Return how far weights lie from their mean, as a share of its length."""
    pairs = [(tensors[name].double(), tensor.double()) for name, tensor in mean.items() if tensor.is_floating_point()]
    apart = sum(float((one - other).square().sum()) for one, other in pairs)
    return float((apart / sum(float(other.square().sum()) for _, other in pairs)) ** 0.5)


def _common(values: Sequence[str]) -> str:
    """Return the value that all have, or a digest of all of them."""
    return values[0] if len(set(values)) == 1 else sha256_of_json(list(values))
