"""``ckpt export``: a checkpoint as it is handed on: weights in half precision, under a name of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import CHECKPOINT, halve, read_checkpoint, read_manifest, write_checkpoint
from amhctl.codec.soundness import find_faults as codec_faults
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.model.soundness import find_faults as voice_faults


@dataclass(frozen=True, slots=True)
class ExportCheckpointRequest:
    """What to hand on, and where to."""

    checkpoint: Path
    output: Path
    name: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class ExportCheckpointReport:
    """What was written."""

    output: Path
    manifest: Manifest
    size: int

    @property
    def ok(self) -> bool:
        """True: what cannot be exported raises."""
        return True

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Nothing is inspected."""
        return ()

    def payload(self) -> dict[str, object]:
        """Return ``checkpoint``, ``bytes`` and ``manifest``."""
        return {
            "checkpoint": str(self.output),
            "bytes": self.size,
            "manifest": self.manifest.model_dump(mode="json"),
        }

    def lines(self) -> Iterable[str]:
        """Return what was written and its size."""
        yield f"{self.output}: {self.manifest.kind} {self.manifest.name}, {self.size / 1e6:.1f} MB"


def run(request: ExportCheckpointRequest, progress: Progress) -> ExportCheckpointReport:
    """Write a voice, codec or vocoder anew in half precision.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken, is a training state, or would not be sound in half precision.
    FileExistsRefused
        If the output exists and was not to be overwritten.
    """
    require_output_folder(request.output, CHECKPOINT, force=request.force, sources=(request.checkpoint,))
    kind = read_manifest(request.checkpoint).kind
    if kind == "training":
        raise CheckpointError(
            "a training state is not handed on",
            subject=str(request.checkpoint),
            hint="export the run's best voice, RUN/best",
        )
    progress.say("verifying and converting")
    check = voice_faults if kind == "voice" else codec_faults
    checkpoint = read_checkpoint(request.checkpoint, kind=kind, check=check)
    for name, folder in checkpoint.beside.items():
        # The names of these folders are those of their kinds.
        read_checkpoint(folder, kind=name, check=codec_faults)
    manifest = write_checkpoint(
        request.output,
        manifest=checkpoint.manifest.model_copy(update={"name": request.name or checkpoint.manifest.name}),
        tensors=halve(checkpoint.tensors),
        extra_files=checkpoint.read_others(),
        beside=checkpoint.beside,
        check=check,
        force=request.force,
    )
    size = sum(path.stat().st_size for path in request.output.rglob("*") if path.is_file())
    return ExportCheckpointReport(request.output, manifest, size)
