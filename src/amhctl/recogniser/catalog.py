"""The recognisers available, and what one is. Loads no torch.

A recogniser is a checkpoint folder: its weights in bytes (``quantised``), the graph that refers to them, the phone
model (``language.safetensors``) and the words of a corpus with their sounds.
"""

from pathlib import Path

from amhctl.checkpoint.folder import read_manifest, verify_files
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.core.errors import CheckpointError

MODEL_VERSION = "recogniser-1"
DEFAULT_RECOGNISER = "am-phones"
LANGUAGE_FILE = "language.safetensors"
_BUNDLED = Path(__file__).parent.parent / "assets" / "recognisers"


def bundled_recognisers() -> tuple[str, ...]:
    """Return the names of the recognisers in the package, sorted."""
    if not _BUNDLED.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in _BUNDLED.iterdir() if (folder / "manifest.json").is_file()))


def recogniser_path(name_or_path: str) -> Path:
    """Return the folder of a recogniser.

    Raises
    ------
    CheckpointError
        If there is no recogniser of that name and no checkpoint at that path.
    """
    bundled = _BUNDLED / name_or_path
    if "/" not in name_or_path and (bundled / "manifest.json").is_file():
        return bundled
    path = Path(name_or_path).expanduser()
    if name_or_path and (path / "manifest.json").is_file():
        return path
    raise CheckpointError(
        "recogniser not found",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_recognisers()) or 'none'}; or give the folder of a recogniser",
    )


def read_recogniser_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a recogniser.

    Raises
    ------
    CheckpointError
        If there is none, or it is of another kind or of a version that this one does not know.
    """
    folder = recogniser_path(name_or_path)
    manifest = read_manifest(folder)
    if manifest.kind != "recogniser" or manifest.model_version != MODEL_VERSION:
        raise CheckpointError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, expected a recogniser of "
            f"{MODEL_VERSION}",
            subject=str(folder),
            hint="give the folder of a recogniser",
        )
    return manifest


def open_recogniser(name_or_path: str) -> VerifiedFolder:
    """Return the folder of a recogniser, all of whose files are those that its manifest names.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged.
    """
    return verify_files(recogniser_path(name_or_path), read_recogniser_manifest(name_or_path))
