"""What a vocoder is, and those available; loads no torch.

Shapes: ``T frames, F mel bins, N samples (N = T * hop)``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amhctl.checkpoint.folder import read_manifest, verify_files
from amhctl.checkpoint.manifest import Manifest, VocoderIdentity
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.config.mel import MelConfig
from amhctl.core.errors import CodecError

MODEL_VERSION = "vocoder-1"
VOCODER_GRAPH = "vocoder.onnx"
"""Name of the file of a vocoder's ONNX graph."""
DEFAULT_VOCODER = "vocoder16k"
_BUNDLED = Path(__file__).parent.parent / "assets" / "vocoders"


@dataclass(frozen=True, slots=True)
class VocoderSpec:
    """What a vocoder is.

    Attributes
    ----------
    name : str
        Name among the bundled ones, such as ``vocoder16k``.
    architecture : str
        ``vocos``.
    sample_rate : int
        Samples per second.
    mel : MelConfig
        The spectrogram that it turns into sound; a voice must draw this one.
    fingerprint : str
        SHA-256 over the names, shapes and bytes of the weights.
    """

    name: str
    architecture: str
    sample_rate: int
    mel: MelConfig
    fingerprint: str

    @property
    def identity(self) -> VocoderIdentity:
        """What the manifest of a voice says of it."""
        return VocoderIdentity(
            name=self.name,
            architecture=self.architecture,
            sample_rate=self.sample_rate,
            mel=self.mel.model_dump(mode="json"),
            fingerprint=self.fingerprint,
        )


class Synthesiser(Protocol):
    """A vocoder that computes, by PyTorch (``vocoder``) or by a graph (``vocoder_session``)."""

    @property
    def mel(self) -> MelConfig:
        """The spectrogram that it turns into sound."""
        ...

    def synthesise(self, mels: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return a waveform of ``T * hop`` samples for each spectrogram of shape (T, F), one by one."""
        ...


def require_mel(mel_TF: NDArray[np.float32], mel: MelConfig, *, subject: str) -> None:
    """Refuse a spectrogram that no vocoder of this kind can turn into sound.

    Raises
    ------
    CodecError
        If it has no frame, another number of bins or a value that is not finite.
    """
    if mel_TF.ndim != 2 or mel_TF.shape[0] == 0 or mel_TF.shape[1] != mel.bins:
        raise CodecError(
            f"a spectrogram has shape {mel_TF.shape}, this vocoder expects (frames, {mel.bins})",
            subject=subject,
            hint="use the vocoder that the voice was trained for",
        )
    if not np.isfinite(mel_TF).all():
        raise CodecError("a spectrogram has values that are not finite", subject=subject)


def bundled_vocoders() -> tuple[str, ...]:
    """Return the names of the vocoders in the package, sorted."""
    return tuple(sorted(folder.name for folder in _BUNDLED.iterdir() if (folder / "manifest.json").is_file()))


def vocoder_path(name_or_path: str) -> Path:
    """Return the folder of a vocoder.

    Raises
    ------
    CodecError
        If there is no vocoder of that name and none at that path.
    """
    bundled = _BUNDLED / name_or_path
    if "/" not in name_or_path and (bundled / "manifest.json").is_file():
        return bundled
    path = Path(name_or_path).expanduser()
    if (path / "manifest.json").is_file():
        return path
    raise CodecError(
        "vocoder not found",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_vocoders()) or 'none'}; or give the folder of a vocoder",
    )


def read_vocoder_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a vocoder.

    Raises
    ------
    CodecError
        If there is none, or the folder has other content.
    """
    return _read_known(vocoder_path(name_or_path))


def _read_known(path: Path) -> Manifest:
    manifest = read_manifest(path)
    if manifest.kind != "vocoder" or manifest.model_version != MODEL_VERSION:
        raise CodecError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a vocoder of {MODEL_VERSION}",
            subject=str(path),
        )
    return manifest


def open_vocoder(name_or_path: str) -> VerifiedFolder:
    """Return the verified folder of a vocoder.

    Raises
    ------
    CodecError
        If there is none, or the folder has other content.
    CheckpointError
        If the folder is damaged.
    """
    path = vocoder_path(name_or_path)
    return verify_files(path, _read_known(path))
