"""Voices available, and what their manifests say; loads no torch."""

from pathlib import Path

from amhctl.checkpoint.folder import other_kind_hint, read_manifest, verify_files
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.model.versions import FLOW_VOICE, UNIFIED_VOICE

DEFAULT_VOICE = "m01"
_BUNDLED = Path(__file__).parent.parent / "assets" / "voices"


def bundled_voices() -> tuple[str, ...]:
    """Return the names of the voices in the package, sorted."""
    if not _BUNDLED.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in _BUNDLED.iterdir() if (folder / "manifest.json").is_file()))


def voice_path(name_or_path: str) -> Path:
    """Return the folder of a voice.

    Raises
    ------
    SynthesisError
        If there is no bundled voice and no checkpoint folder of that name.
    """
    if name_or_path in bundled_voices():
        return _BUNDLED / name_or_path
    path = Path(name_or_path).expanduser()
    if (path / "manifest.json").is_file():
        return path
    raise SynthesisError(
        "voice not found" if not name_or_path or not path.exists() else "the file or folder is not a voice",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_voices()) or 'none'}; or give the folder of a voice checkpoint",
    )


def read_voice_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a voice without loading its weights.

    Raises
    ------
    SynthesisError
        If there is no such voice.
    CheckpointError
        If the manifest is damaged or is not a voice's.
    """
    return _read_known(voice_path(name_or_path))


def open_voice(name_or_path: str) -> VerifiedFolder:
    """Return the verified folder of a voice: it is read once, and everything else begins from it.

    Raises
    ------
    SynthesisError
        If there is no such voice.
    CheckpointError
        If the folder is damaged or is not a voice's.
    """
    path = voice_path(name_or_path)
    return verify_files(path, _read_known(path))


def _read_known(path: Path) -> Manifest:
    manifest = read_manifest(path)
    require_voice(manifest, path)
    return manifest


def require_voice(manifest: Manifest, path: Path) -> None:
    """Refuse a checkpoint that is no voice of a kind known here.

    Raises
    ------
    CheckpointError
        If it is another kind of checkpoint, or of another version.
    """
    if manifest.kind != "voice" or manifest.model_version not in (UNIFIED_VOICE, FLOW_VOICE):
        raise CheckpointError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a voice of {UNIFIED_VOICE} "
            f"or {FLOW_VOICE}",
            subject=str(path),
            hint=other_kind_hint(path, manifest) or "give the folder of a voice",
        )
