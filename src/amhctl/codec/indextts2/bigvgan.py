"""BigVGAN v2's generator: log-mel frames to a waveform (Lee et al. 2023, arXiv 2206.04658; NVIDIA's 22 kHz model).

Plain PyTorch: no kernel of its own. The tensors have the names of ``bigvgan_generator.pt``.

Shapes: ``B batch, F mel bins, T frames, C channels, N samples (N = T * product of the rates)``.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError
from amhctl.nn.alias_free import AliasFreeActivation, low_pass_filter

CONTAINER = "generator"
_DILATIONS = (1, 3, 5)
_EDGE_KERNEL = 7
_FILTER = r".*\.filter"
_FILTER_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class BigVGANShape:
    """The shape of a generator.

    Attributes
    ----------
    bins : int
        Mel bins F.
    width : int
        Channels before the first stage; each stage has half as many as the one before.
    rates : tuple[int, ...]
        How many times longer each stage makes the signal; its kernel is twice as long.
    kernels : tuple[int, ...]
        Kernels of the residual blocks of each stage.
    """

    bins: int = 80
    width: int = 1_536
    rates: tuple[int, ...] = (4, 4, 2, 2, 2, 2)
    kernels: tuple[int, ...] = (3, 7, 11)

    @property
    def hop_samples(self) -> int:
        """Samples of a frame."""
        return math.prod(self.rates)


class BigVGAN(nn.Module):
    """The generator.

    Parameters
    ----------
    shape : BigVGANShape
        Its shape.
    """

    def __init__(self, shape: BigVGANShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.width >> stage for stage in range(len(shape.rates) + 1)]
        self.conv_pre = nn.Conv1d(shape.bins, shape.width, _EDGE_KERNEL, padding=_EDGE_KERNEL // 2)
        self.ups = nn.ModuleList(
            # A sequence of one: so it is in the names of the file.
            nn.Sequential(nn.ConvTranspose1d(wide, narrow, 2 * rate, stride=rate, padding=rate // 2))
            for wide, narrow, rate in zip(widths, widths[1:], shape.rates, strict=False)
        )
        self.resblocks = nn.ModuleList(ResidualBlock(width, kernel) for width in widths[1:] for kernel in shape.kernels)
        self.activation_post = AliasFreeActivation(widths[-1])
        self.conv_post = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, padding=_EDGE_KERNEL // 2, bias=False)

    def forward(self, mel_BFT: Tensor) -> Tensor:
        """Return samples between -1 and 1, shape (B, N)."""
        return self.unclamped(mel_BFT).clamp(-1.0, 1.0)

    def unclamped(self, mel_BFT: Tensor) -> Tensor:
        """Return samples before they are limited, shape (B, N)."""
        signal_BCT: Tensor = self.conv_pre(mel_BFT)
        count = len(self.shape.kernels)
        for stage, up in enumerate(self.ups):
            signal_BCT = up(signal_BCT)
            blocks = self.resblocks[stage * count : (stage + 1) * count]
            signal_BCT = sum(block(signal_BCT) for block in blocks) / count
        samples_BN: Tensor = self.conv_post(self.activation_post(signal_BCT))[:, 0]
        return samples_BN


class ResidualBlock(nn.Module):
    """Three pairs of convolutions, the first of each dilated, each after an activation, each pair with a residual.

    Parameters
    ----------
    width : int
        Channels C.
    kernel : int
        Length of every convolution; odd.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            nn.Conv1d(width, width, kernel, dilation=dilation, padding=dilation * (kernel // 2))
            for dilation in _DILATIONS
        )
        self.convs2 = nn.ModuleList(nn.Conv1d(width, width, kernel, padding=kernel // 2) for _ in _DILATIONS)
        self.activations = nn.ModuleList(AliasFreeActivation(width) for _ in range(2 * len(_DILATIONS)))

    def forward(self, signal_BCT: Tensor) -> Tensor:
        """Return the signal and what the block adds to it, shape (B, C, T)."""
        for place, (dilated, plain) in enumerate(zip(self.convs1, self.convs2, strict=True)):
            inner_BCT = dilated(self.activations[2 * place](signal_BCT))
            signal_BCT = signal_BCT + plain(self.activations[2 * place + 1](inner_BCT))
        return signal_BCT


def read_bigvgan(tensors: Tensors) -> BigVGAN:
    """Return the generator of a file.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown, of another shape, or a filter is not the one of this network.
    """
    stages = tensors.count(r"ups\.(\d+)\.0\.bias")
    blocks = tensors.count(r"resblocks\.(\d+)\.convs1\.0\.bias")
    per_stage = max(1, blocks // max(1, stages))
    shape = BigVGANShape(
        bins=tensors.size("conv_pre.weight", 1),
        width=tensors.size("conv_pre.weight", 0),
        rates=tuple(tensors.size(f"ups.{stage}.0.weight", 2) // 2 for stage in range(stages)),
        kernels=tuple(tensors.size(f"resblocks.{block}.convs1.0.weight", 2) for block in range(per_stage)),
    )
    _require_filters(tensors)
    return tensors.fill(lambda: BigVGAN(shape), unused=(_FILTER,))


def _require_filters(tensors: Tensors) -> None:
    """Refuse a generator whose low-pass filters, which its file repeats for each activation, are others."""
    wanted = low_pass_filter()
    for name in tensors.names(_FILTER):
        found = tensors[name]
        if found.shape != wanted.shape or not torch.allclose(found.float(), wanted, rtol=0.0, atol=_FILTER_TOLERANCE):
            raise CodecError(
                f"{name} is not the low-pass filter of this network", subject=tensors.subject, hint=tensors.hint
            )
