"""The folders that a voice is loaded from, every file of them verified; loads no torch and no runtime of graphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import VOCODER_FOLDER, digest_files, verify_files
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.vocoder_spec import bundled_vocoders, read_vocoder_manifest, vocoder_path
from amhctl.core.errors import CheckpointError
from amhctl.inference.catalog import read_voice_manifest, voice_path
from amhctl.model.versions import FLOW_VOICE


@dataclass(frozen=True, slots=True)
class Part:
    """A checkpoint folder whose files are not verified yet."""

    folder: Path
    manifest: Manifest

    def digest(self) -> dict[str, str]:
        """Return the SHA-256 of each of its files."""
        return digest_files(self.folder, self.manifest)

    def verify(self, digests: Mapping[str, str]) -> VerifiedFolder:
        """Return it as verified.

        Raises
        ------
        CheckpointError
            If a file is missing or changed, or the manifest inside the weights differs.
        """
        return verify_files(self.folder, self.manifest, digests)


@dataclass(frozen=True, slots=True)
class FoundVoice:
    """The folders of a voice.

    Attributes
    ----------
    voice : Part
        Its own.
    vocoder : Part | None
        Of its vocoder; None for a voice that generates codes.
    """

    voice: Part
    vocoder: Part | None

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of its folders."""
        return (self.voice,) if self.vocoder is None else (self.voice, self.vocoder)


@dataclass(frozen=True, slots=True)
class OpenedVoice:
    """The folders of a voice, verified.

    Attributes
    ----------
    voice : VerifiedFolder
        Its own.
    vocoder : VerifiedFolder | None
        Of its vocoder; None for a voice that generates codes.
    """

    voice: VerifiedFolder
    vocoder: VerifiedFolder | None


def find_parts(name_or_path: str, codec: str | None = None) -> FoundVoice:
    """Return the folders of a voice, with their manifests.

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
        If a manifest is damaged, or the vocoder is not bundled.
    CodecError
        If the vocoder that is wanted is not there.
    """
    voice = Part(voice_path(name_or_path), read_voice_manifest(name_or_path))
    if voice.manifest.model_version != FLOW_VOICE:
        return FoundVoice(voice, None)
    vocoder = find_vocoder(voice.manifest, voice.folder, codec)
    return FoundVoice(voice, Part(vocoder, read_vocoder_manifest(str(vocoder))))


def verify_parts(found: FoundVoice, digests: tuple[Mapping[str, str], ...]) -> OpenedVoice:
    """Return the folders of a voice as verified.

    Parameters
    ----------
    found : FoundVoice
        The folders.
    digests : tuple[Mapping[str, str], ...]
        What ``digest`` returned for each of its parts.

    Raises
    ------
    CheckpointError
        If a file is missing or changed.
    """
    voice, *vocoder = (part.verify(each) for part, each in zip(found.parts, digests, strict=True))
    return OpenedVoice(voice, vocoder[0] if vocoder else None)


def open_parts(name_or_path: str, codec: str | None = None) -> OpenedVoice:
    """Return the verified folders of a voice; parameters and errors: ``find_parts`` and ``verify_parts``."""
    found = find_parts(name_or_path, codec)
    return verify_parts(found, tuple(part.digest() for part in found.parts))


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
