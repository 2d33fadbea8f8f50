"""``ckpt diff``: in which fields and tensors two checkpoints differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import Difference, manifest_differences, read_manifest
from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.store import tensor_differences
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport


@dataclass(frozen=True, slots=True)
class DiffCheckpointsRequest:
    """Which checkpoints to compare."""

    first: Path
    second: Path


@dataclass(frozen=True, slots=True)
class DiffCheckpointsReport(PlainReport):
    """The differences; "expected" is the first checkpoint, "found" the second."""

    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether the two are the same."""
        return not self.differences

    def payload(self) -> dict[str, object]:
        """Return ``differences``."""
        return {
            "differences": [
                {"field": item.field, "first": item.expected, "second": item.found} for item in self.differences
            ]
        }

    def lines(self) -> Iterable[str]:
        """Return a line for each difference."""
        if not self.differences:
            yield "no differences"
        for item in self.differences:
            yield f"{item.field}: {item.expected} | {item.found}"


def run(request: DiffCheckpointsRequest, progress: Progress) -> DiffCheckpointsReport:
    """Compare manifests field by field, and weights tensor by tensor.

    Raises
    ------
    CheckpointError
        If one of them cannot be read.
    """
    first, second = (completed(read_manifest(folder)) for folder in (request.first, request.second))
    fields = manifest_differences(first.model_dump(mode="json"), second.model_dump(mode="json"))
    progress.say("comparing the weights")
    tensors = tensor_differences(request.first, request.second)
    return DiffCheckpointsReport(fields + tensors)
