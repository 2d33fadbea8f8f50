"""Vocoders: spectrograms to waveforms, and those at hand. Knows no letters.

Shapes: ``T frames, F mel bins, N samples``. A spectrogram is that of ``config.acoustics``: frame t is centred on sample
``t * hop``, and a waveform of N samples has ``ceil(N / hop)`` frames.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.checkpoint.manifest import Manifest, VocoderIdentity
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint, read_manifest
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.codec.soundness import find_faults
from amhctl.codec.vocoder_network import MODEL_VERSION, VocoderNetwork, fill_vocoder
from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import CodecError

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
        Samples a second.
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


class Vocoder:
    """A trained vocoder, ready to synthesise.

    Parameters
    ----------
    network : VocoderNetwork
        Trained weights; put into evaluation mode.
    name : str
        Its name.
    fingerprint : str
        ``fingerprint_of`` the stored tensors.
    device : str
        Where to compute.
    """

    def __init__(self, network: VocoderNetwork, *, name: str, fingerprint: str, device: str = "cpu") -> None:
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = torch.device(device)
        mel = network.config.mel
        self._spec = VocoderSpec(name, "vocos", mel.sample_rate, mel, fingerprint)

    @property
    def spec(self) -> VocoderSpec:
        """What it is."""
        return self._spec

    @property
    def network(self) -> VocoderNetwork:
        """Its network, in evaluation mode."""
        return self._network

    @torch.inference_mode()
    def synthesise(self, mels: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return a waveform of ``T * hop`` samples for each spectrogram of shape (T, F), one by one.

        Raises
        ------
        CodecError
            If a spectrogram has no frame, another number of bins or a value that is not finite.
        """
        return [self._synthesise(mel_TF) for mel_TF in mels]

    def _synthesise(self, mel_TF: NDArray[np.float32]) -> NDArray[np.float32]:
        bins = self._spec.mel.bins
        if mel_TF.ndim != 2 or mel_TF.shape[0] == 0 or mel_TF.shape[1] != bins:
            raise CodecError(
                f"a spectrogram has shape {mel_TF.shape}, this vocoder wants (frames, {bins})",
                subject=self._spec.name,
                hint="use the vocoder that the voice was made with",
            )
        if not np.isfinite(mel_TF).all():
            raise CodecError("a spectrogram has values that are not finite", subject=self._spec.name)
        mel_1TF = torch.from_numpy(np.ascontiguousarray(mel_TF, dtype=np.float32)[None]).to(self._device)
        samples: NDArray[np.float32] = self._network(mel_1TF)[0].float().cpu().numpy()
        return samples


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
        "no such vocoder",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_vocoders()) or 'none'}; or give the folder of a vocoder",
    )


def load_vocoder(name_or_path: str, device: str = "cpu") -> Vocoder:
    """Load a vocoder by name or checkpoint folder.

    Parameters
    ----------
    name_or_path : str
        Bundled name, or folder.
    device : str
        Where to compute.

    Raises
    ------
    CodecError
        If there is none, or it is of a version that this one does not know.
    CheckpointError
        If the folder is damaged.
    """
    checkpoint = _read(vocoder_path(name_or_path))
    network = VocoderNetwork(_config(checkpoint.manifest))
    fill_vocoder(network, checkpoint.tensors, subject=str(checkpoint.folder))
    return Vocoder(
        network, name=checkpoint.manifest.name, fingerprint=fingerprint_of(checkpoint.tensors), device=device
    )


def read_vocoder(name_or_path: str) -> tuple[VocoderConfig, dict[str, Tensor]]:
    """Return shape and weights of a vocoder by name or checkpoint folder.

    Raises
    ------
    CodecError
        If there is none, or it is of a version that this one does not know.
    CheckpointError
        If the folder is damaged.
    """
    checkpoint = _read(vocoder_path(name_or_path))
    return _config(checkpoint.manifest), checkpoint.tensors


def read_vocoder_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a vocoder.

    Raises
    ------
    CodecError
        If there is none, or the folder holds something else.
    """
    path = vocoder_path(name_or_path)
    manifest = read_manifest(path)
    if manifest.kind != "vocoder" or manifest.model_version != MODEL_VERSION:
        raise CodecError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a vocoder of {MODEL_VERSION}",
            subject=str(path),
        )
    return manifest


def _read(path: Path) -> LoadedCheckpoint:
    read_vocoder_manifest(str(path))
    return read_checkpoint(path, kind="vocoder", check=find_faults)


def _config(manifest: Manifest) -> VocoderConfig:
    return read_part(VocoderConfig.model_validate, manifest.config, place="config", subject=manifest.name)
