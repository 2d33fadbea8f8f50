"""Light discriminators of waveforms: what tells recordings from reconstructions by their periods and their spectra.

The multi-period one is HiFi-GAN's (Kong et al. 2020, arXiv 2010.05646), the one over complex spectrograms EnCodec's
(Défossez et al. 2022, arXiv 2210.13438), both with a fraction of the channels, so that a CPU can pay for them. Numbers
in, numbers out.

Three things let them learn. Speech at -20 dBFS is brought to unit power; the layers start with the gain that keeps a
signal's power through them (He et al. 2015, arXiv 1502.01852), where a convolution's usual start loses two thirds of it
in each; and the spectrum's magnitudes are compressed (as in Braun & Tashev 2020, arXiv 2009.12286), so that what is
quiet, such as the upper harmonics, counts beside the loudest vowel.

Shapes: ``B batch, N samples, T frames, K frequency bins``.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

_SLOPE = 0.1
# Root mean square of speech at -20 dBFS.
_SPEECH = 0.1
_COMPRESSION = 0.3


class PeriodDiscriminator(nn.Module):
    """Sees every ``period``-th sample together: structure that repeats with the pitch.

    Parameters
    ----------
    period : int
        Samples from one column to the next.
    width : int
        Channels of the first layer; the next ones have 2, 4, 8 and 8 times as many.
    """

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        channels = (1, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (5, 1), (3, 1), padding=(2, 0)))
            for before, after in pairwise(channels)
        )
        self.layers.append(weight_norm(nn.Conv2d(8 * width, 8 * width, (5, 1), padding=(2, 0))))
        self.judge = weight_norm(nn.Conv2d(8 * width, 1, (3, 1), padding=(1, 0)))
        _keep_power(self)

    def forward(self, samples_BN: Tensor) -> list[Tensor]:
        """Return the features of every layer; the last ones are the verdicts."""
        samples = functional.pad(samples_BN / _SPEECH, (0, -samples_BN.shape[1] % self.period))
        return _features(samples.reshape(samples.shape[0], 1, -1, self.period), self.layers, self.judge)


class SpectrumDiscriminator(nn.Module):
    """Sees real and imaginary parts of a compressed spectrogram as an image of two channels.

    Parameters
    ----------
    window_samples : int
        Length of the Hann window; hops are half of it, which sees every sample and costs half of the usual quarter.
    width : int
        Channels of the first two layers; the next ones have twice as many.
    """

    window: Tensor

    def __init__(self, window_samples: int, width: int) -> None:
        super().__init__()
        self.window_samples = window_samples
        self.register_buffer("window", torch.hann_window(window_samples), persistent=False)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (3, 9), (1, 2), padding=(1, 4)))
            for before, after in ((2, width), (width, width), (width, 2 * width))
        )
        self.layers.append(weight_norm(nn.Conv2d(2 * width, 2 * width, (3, 3), padding=(1, 1))))
        self.judge = weight_norm(nn.Conv2d(2 * width, 1, (3, 3), padding=(1, 1)))
        _keep_power(self)

    def forward(self, samples_BN: Tensor) -> list[Tensor]:
        """Return the features of every layer; the last ones are the verdicts."""
        spectrum_BKT = torch.stft(
            samples_BN.float() / _SPEECH,
            self.window_samples,
            self.window_samples // 2,
            window=self.window,
            center=True,
            pad_mode="constant",
            normalized=True,
            return_complex=True,
        )
        parts_BKT2 = torch.view_as_real(spectrum_BKT)
        # The small number keeps the gradient of silence finite; its compressed magnitude is a hundredth of speech's.
        power_BKT1 = parts_BKT2.square().sum(dim=-1, keepdim=True) + 1e-8
        compressed = parts_BKT2 * power_BKT1 ** ((_COMPRESSION - 1.0) / 2.0)
        return _features(compressed.permute(0, 3, 2, 1), self.layers, self.judge)


class Discriminators(nn.Module):
    """Several discriminators that judge the same waveform.

    Parameters
    ----------
    periods : Sequence[int]
        One ``PeriodDiscriminator`` each.
    windows : Sequence[int]
        One ``SpectrumDiscriminator`` each.
    width : int
        Channels of their first layers.
    """

    def __init__(self, *, periods: Sequence[int], windows: Sequence[int], width: int) -> None:
        super().__init__()
        self.judges = nn.ModuleList()
        self.judges.extend(PeriodDiscriminator(period, width) for period in periods)
        self.judges.extend(SpectrumDiscriminator(window, width) for window in windows)

    def forward(self, samples_BN: Tensor) -> list[list[Tensor]]:
        """Return the features of each discriminator, verdicts last."""
        return [judge(samples_BN) for judge in self.judges]


def _keep_power(discriminator: nn.Module) -> None:
    """Start the convolutions so that a signal has the same power after every one of them."""
    for module in discriminator.modules():
        if isinstance(module, nn.Conv2d):
            # Set through the parametrisation, which keeps length and direction apart.
            module.weight = nn.init.kaiming_normal_(torch.empty_like(module.weight), a=_SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _features(image: Tensor, layers: nn.ModuleList, judge: nn.Module) -> list[Tensor]:
    found = []
    for layer in layers:
        image = functional.leaky_relu(layer(image), _SLOPE)
        found.append(image)
    return [*found, judge(image)]
