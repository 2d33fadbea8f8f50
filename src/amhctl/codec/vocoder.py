"""Vocoders: spectrograms to waveforms, by PyTorch. Knows no letters.

Shapes: ``T frames, F mel bins, N samples``. A spectrogram is that of ``config.acoustics``: frame t is centred on sample
``t * hop``, and a waveform of N samples has ``ceil(N / hop)`` frames.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import load_checkpoint
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.codec.soundness import find_faults
from amhctl.codec.vocoder_network import VocoderNetwork, fill_vocoder
from amhctl.codec.vocoder_spec import VocoderSpec, open_vocoder, require_mel
from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig


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
    def mel(self) -> MelConfig:
        """The spectrogram that it turns into sound."""
        return self._spec.mel

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
        require_mel(mel_TF, self.mel, subject=self._spec.name)
        mel_1TF = torch.from_numpy(np.ascontiguousarray(mel_TF, dtype=np.float32)[None]).to(self._device)
        samples: NDArray[np.float32] = self._network(mel_1TF)[0].float().cpu().numpy()
        return samples


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
    return build_vocoder(open_vocoder(name_or_path), device=device)


def build_vocoder(vocoder: VerifiedFolder, *, device: str = "cpu") -> Vocoder:
    """Build a vocoder from its verified folder.

    Raises
    ------
    CheckpointError
        If its weights are not sound.
    """
    checkpoint = load_checkpoint(vocoder, check=find_faults)
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
    checkpoint = load_checkpoint(open_vocoder(name_or_path), check=find_faults)
    return _config(checkpoint.manifest), checkpoint.tensors


def _config(manifest: Manifest) -> VocoderConfig:
    return read_part(VocoderConfig.model_validate, manifest.config, place="config", subject=manifest.name)
