"""WaveNet layers under a condition (van den Oord et al. 2016, arXiv 1609.03499), as they end s2mel's network.

Shapes: ``B batch, T frames, D width``.
"""

import re

import torch
from torch import Tensor, nn
from torch.nn import functional


class WaveNet(nn.Module):
    """Gated convolutions; each adds to a running signal and to the output.

    Parameters
    ----------
    width : int
        Channels D.
    layers : int
        How many.
    kernel : int
        Frames each convolution sees; odd.
    """

    def __init__(self, width: int, layers: int, kernel: int) -> None:
        super().__init__()
        self.edge = kernel // 2
        self.cond_layer = nn.Conv1d(width, 2 * width * layers, 1)
        self.in_layers = nn.ModuleList(nn.Conv1d(width, 2 * width, kernel) for _ in range(layers))
        # The last layer adds to the output alone.
        self.res_skip_layers = nn.ModuleList(
            nn.Conv1d(width, 2 * width if layer + 1 < layers else width, 1) for layer in range(layers)
        )

    def forward(self, signal_BDT: Tensor, condition_BD: Tensor, keep_B1T: Tensor | None = None) -> Tensor:
        """Return what the layers add up to, shape (B, D, T); zeros where ``keep_B1T`` is 0."""
        total_BDT = torch.zeros_like(signal_BDT)
        conditions = self.cond_layer(condition_BD[..., None]).chunk(len(self.in_layers), dim=1)
        for convolve, mix, condition in zip(self.in_layers, self.res_skip_layers, conditions, strict=True):
            inner = convolve(functional.pad(signal_BDT, (self.edge, self.edge), mode="reflect")) + condition
            filtered, gate = inner.chunk(2, dim=1)
            mixed = mix(torch.tanh(filtered) * torch.sigmoid(gate))
            if convolve is self.in_layers[-1]:
                total_BDT = total_BDT + mixed
            else:
                residual, skipped = mixed.chunk(2, dim=1)
                signal_BDT = _kept(signal_BDT + residual, keep_B1T)
                total_BDT = total_BDT + skipped
        return _kept(total_BDT, keep_B1T)


def published_name(name: str) -> str:
    """Return a tensor's name in s2mel.pth, in which each convolution is wrapped twice."""
    return re.sub(r"(in_layers\.\d+|res_skip_layers\.\d+|cond_layer)\.", r"\1.conv.conv.", name)


def _kept(signal_BDT: Tensor, keep_B1T: Tensor | None) -> Tensor:
    return signal_BDT if keep_B1T is None else signal_BDT * keep_B1T
