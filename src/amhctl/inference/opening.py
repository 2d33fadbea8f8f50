"""The folders that a voice is loaded from, every file of them verified; loads no torch and no runtime of graphs."""

from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import VOCODER_FOLDER
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.vocoder_spec import bundled_vocoders, open_vocoder, vocoder_path
from amhctl.core.errors import CheckpointError
from amhctl.inference.catalog import open_voice
from amhctl.model.versions import FLOW_VOICE


@dataclass(frozen=True, slots=True)
class OpenedVoice:
    """Verified folders.

    Attributes
    ----------
    voice : VerifiedFolder
        The voice's.
    vocoder : VerifiedFolder | None
        Of its vocoder; None for a voice that generates codes.
    """

    voice: VerifiedFolder
    vocoder: VerifiedFolder | None


def open_parts(name_or_path: str, codec: str | None = None) -> OpenedVoice:
    """Return the verified folders of a voice.

    Parameters
    ----------
    name_or_path : str
        Bundled name or checkpoint folder.
    codec : str | None
        Name or folder of its vocoder; None looks beside the voice and among the bundled. For a voice that generates
        codes it is not used here.

    Raises
    ------
    SynthesisError
        If there is no such voice.
    CheckpointError
        If a folder is damaged, or the vocoder is not bundled.
    CodecError
        If the vocoder that is wanted is not there.
    """
    voice = open_voice(name_or_path)
    if voice.manifest.model_version != FLOW_VOICE:
        return OpenedVoice(voice, None)
    return OpenedVoice(voice, open_vocoder(str(find_vocoder(voice.manifest, voice.folder, codec))))


def find_vocoder(manifest: Manifest, path: Path, wanted: str | None) -> Path:
    """Return the folder of a voice's vocoder: the one wanted, else the one beside it, else a bundled one.

    Raises
    ------
    CheckpointError
        If there is none of these.
    CodecError
        If the one that is wanted is not there.
    """
    name, beside = manifest.vocoder.name if manifest.vocoder else "", path / VOCODER_FOLDER
    if wanted is not None:
        return vocoder_path(wanted)
    if (beside / "manifest.json").is_file():
        return beside
    if name in bundled_vocoders():
        return vocoder_path(name)
    raise CheckpointError(
        f"the voice's vocoder {name!r} is not bundled",
        subject=str(path),
        hint=f"pass --codec with its folder, or copy its folder to {beside}",
    )
