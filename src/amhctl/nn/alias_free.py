"""Periodic activations at twice the rate, so that the harmonics they add do not fold back. Sees numbers only.

The activation of BigVGAN (Lee et al. 2023, arXiv 2206.04658): Snake (Ziyin et al. 2020, arXiv 2006.08195) between
upsampling and downsampling by two, as in StyleGAN3 (Karras et al. 2021, arXiv 2106.12423).

Shapes: ``B batch, C channels, T samples``.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TAPS = 12
"""Length of the low-pass filter."""
# Kaiser's formulas for the attenuation of such a filter with a transition band of 0.6 of the lower Nyquist frequency,
# and for the shape of the window that reaches it.
_ATTENUATION = 2.285 * (TAPS // 2 - 1) * math.pi * (4 * 0.3) + 7.95
_KAISER_BETA = 0.1102 * (_ATTENUATION - 8.7)
_CUTOFF = 0.25
_TINY = 1e-9
# What replicated edges add to the beginning and the end of an upsampled signal.
_EDGE = TAPS // 2 - 1
_CUT = 2 * _EDGE + TAPS // 2 - 1


class SnakeBeta(nn.Module):
    """``x + sin²(a x) / b`` with one frequency ``a`` and one magnitude ``b`` per channel, stored as logarithms.

    Parameters
    ----------
    channels : int
        Channels C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, signal_BCT: Tensor) -> Tensor:
        """Return the activated signal, shape (B, C, T)."""
        frequency_C1, magnitude_C1 = self.alpha.exp()[:, None], self.beta.exp()[:, None]
        return signal_BCT + torch.sin(signal_BCT * frequency_C1).square() / (magnitude_C1 + _TINY)


class AliasFreeActivation(nn.Module):
    """Upsampling by two, ``SnakeBeta``, downsampling by two.

    Parameters
    ----------
    channels : int
        Channels C.
    """

    filter_11K: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.act = SnakeBeta(channels)
        self.register_buffer("filter_11K", low_pass_filter(), persistent=False)

    def forward(self, signal_BCT: Tensor) -> Tensor:
        """Return the activated signal, shape (B, C, T)."""
        return self._down(self.act(self._up(signal_BCT)))

    def _up(self, signal_BCT: Tensor) -> Tensor:
        filters, channels = self._filters(signal_BCT)
        padded = functional.pad(signal_BCT, (_EDGE, _EDGE), mode="replicate")
        doubled = 2.0 * functional.conv_transpose1d(padded, filters, stride=2, groups=channels)
        return doubled[..., _CUT:-_CUT]

    def _down(self, signal_BCT: Tensor) -> Tensor:
        filters, channels = self._filters(signal_BCT)
        padded = functional.pad(signal_BCT, (_EDGE, _EDGE + 1), mode="replicate")
        return functional.conv1d(padded, filters, stride=2, groups=channels)

    def _filters(self, signal_BCT: Tensor) -> tuple[Tensor, int]:
        channels = signal_BCT.shape[1]
        return self.filter_11K.to(signal_BCT.dtype).expand(channels, -1, -1), channels


def low_pass_filter() -> Tensor:
    """Return a windowed sinc that keeps the lower half of the band, shape (1, 1, 12), of sum 1.

    Source: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974.
    """
    # On the CPU also where shapes alone are made: the values are no parameters, and nothing would fill them later.
    window_K = torch.kaiser_window(TAPS, periodic=False, beta=_KAISER_BETA, dtype=torch.float64, device="cpu")
    times_K = torch.arange(TAPS, dtype=torch.float64, device="cpu") - (TAPS - 1) / 2
    filter_K = window_K * torch.sinc(2.0 * _CUTOFF * times_K)
    return (filter_K / filter_K.sum()).float().view(1, 1, TAPS)
