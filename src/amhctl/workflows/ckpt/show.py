"""``ckpt show``: what a checkpoint says of itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport


@dataclass(frozen=True, slots=True)
class ShowCheckpointRequest:
    """Which checkpoint to show."""

    checkpoint: Path


@dataclass(frozen=True, slots=True)
class ShowCheckpointReport(PlainReport):
    """The manifest."""

    manifest: Manifest

    def payload(self) -> dict[str, object]:
        """Return ``manifest``."""
        return {"manifest": self.manifest.model_dump(mode="json")}

    def lines(self) -> Iterable[str]:
        """Return a line for each field."""
        for name, value in self.manifest.model_dump(mode="json").items():
            if isinstance(value, dict) and value:
                yield f"{name}:"
                for key, inner in value.items():
                    yield f"  {key}: {json.dumps(inner, ensure_ascii=False)}"
            else:
                yield f"{name}: {json.dumps(value, ensure_ascii=False)}"


def run(request: ShowCheckpointRequest, progress: Progress) -> ShowCheckpointReport:
    """Read the manifest.

    Raises
    ------
    CheckpointError
        If there is none or it cannot be read.
    """
    manifest = read_manifest(request.checkpoint)
    progress.say("digests are not verified here; `amhctl ckpt validate` does")
    return ShowCheckpointReport(manifest)
