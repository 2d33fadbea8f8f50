"""A checkpoint folder whose files have been verified: what builders of voices, codecs and vocoders begin from."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_json
from amhctl.core.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class VerifiedFolder:
    """A checkpoint folder whose files are those that its manifest names; made by ``folder.verify_folder``.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest : Manifest
        What it is.
    """

    folder: Path
    manifest: Manifest

    def path(self, file: str) -> Path:
        """Return where a file is that the manifest names.

        Raises
        ------
        CheckpointError
            If the manifest does not name it.
        """
        if file not in self.manifest.files:
            raise CheckpointError(
                f"the checkpoint has no file {file}",
                subject=str(self.folder),
                hint=f"it has: {', '.join(sorted(self.manifest.files))}",
            )
        return self.folder / file

    def read_bytes(self, file: str) -> bytes:
        """Return the content of a file that the manifest names.

        Raises
        ------
        CheckpointError
            If the manifest does not name it.
        """
        return self.path(file).read_bytes()

    def read_text(self, file: str) -> str:
        """Return the UTF-8 content of a file that the manifest names."""
        return self.read_bytes(file).decode("utf-8")

    def read_json(self, file: str) -> dict[str, JsonValue]:
        """Return the object of a JSON file that the manifest names.

        Raises
        ------
        CheckpointError
            If the manifest does not name it, or it holds no JSON object.
        """
        return read_json(self.path(file))
