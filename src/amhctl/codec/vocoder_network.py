"""The network of a vocoder: log-mel → ConvNeXt → inverse STFT (Vocos: Siuzdak 2023, arXiv 2306.00814).

Shapes: ``B batch, T frames, F mel bins, D width, N samples (N = T * hop)``.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import CodecError
from amhctl.nn.convnext import ConvNeXtBlock
from amhctl.nn.spectral import InverseSTFTHead

MEL_MEAN = -5.0
MEL_SCALE = 2.5
"""Natural log-mel of speech at a level of -20 dBFS lies about here; the network sees it centred and scaled."""


class VocoderNetwork(nn.Module):
    """Turns log-mel frames into a waveform; frame t stands for the samples about ``t * hop``.

    Parameters
    ----------
    config : VocoderConfig
        Shape of the network.
    """

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        width, mel = config.width, config.mel
        self.enter = nn.Conv1d(mel.bins, width, 7, padding=3)
        self.blocks = nn.ModuleList(ConvNeXtBlock(width, scale=1.0 / config.blocks) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(width)
        self.head = InverseSTFTHead(
            width, fft_samples=config.synthesis_fft_samples, hop_samples=mel.hop_samples, centred=True
        )

    def forward(self, mel_BTF: Tensor) -> Tensor:
        """Return samples, shape (B, T * hop)."""
        scaled_BTF = (mel_BTF - MEL_MEAN) / MEL_SCALE
        hidden_BTD = self.enter(scaled_BTF.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            hidden_BTD = block(hidden_BTD)
        samples: Tensor = self.head(self.norm(hidden_BTD))
        return samples


def vocoder_shapes(config: VocoderConfig) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a vocoder checkpoint's tensors."""
    # Made without memory: a manifest may ask for any size.
    with torch.device("meta"):
        state = VocoderNetwork(config).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def fill_vocoder(network: VocoderNetwork, tensors: Mapping[str, Tensor], *, subject: str) -> None:
    """Put the stored tensors of a vocoder into a network.

    Raises
    ------
    CodecError
        If a tensor is missing, left over or of the wrong shape.
    """
    state = network.state_dict()
    odd = sorted(set(state) ^ set(tensors)) or [n for n in sorted(state) if state[n].shape != tensors[n].shape]
    if odd:
        raise CodecError(f"the weights do not match the configuration at {odd[0]}", subject=subject)
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
