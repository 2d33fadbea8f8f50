"""What commands that write a checkpoint return: where it is, what it says of itself, and figures of their own."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.manifest import Manifest
from amhctl.core.report import Report


@dataclass(frozen=True, slots=True)
class WrittenCheckpoint(Report):
    """A checkpoint that was written.

    Attributes
    ----------
    output : Path
        Where it is.
    manifest : Manifest
        Its manifest.
    """

    output: Path
    manifest: Manifest

    @abstractmethod
    def figures(self) -> dict[str, object]:
        """Return the keys of ``--json`` that only this command has."""

    def payload(self) -> dict[str, object]:
        """Return ``checkpoint``, the command's own figures and ``manifest``."""
        return {
            "checkpoint": str(self.output),
            **self.figures(),
            "manifest": self.manifest.model_dump(mode="json"),
        }
