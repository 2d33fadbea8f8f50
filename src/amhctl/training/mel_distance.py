"""The multi-resolution log-mel distance of waveforms: what codecs and vocoders are trained by.

Shapes: ``B segments, N samples``.
"""

import torch
from torch import Tensor, nn

from amhctl.nn.spectral import LogMel

# (window, mel bins) of the reconstruction loss; hops are a quarter of the window. The five resolutions are those that
# DAC's multi-scale mel loss keeps after its two shortest, which hold fewer than 10 bins and cost as much.
_RESOLUTIONS = ((128, 20), (256, 40), (512, 80), (1024, 100), (2048, 128))
LONGEST_WINDOW = max(window for window, _ in _RESOLUTIONS)
"""Samples that the distance looks at together."""


class MelDistance(nn.Module):
    """Multi-resolution log-mel distance.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            LogMel(
                sample_rate=sample_rate,
                fft_samples=window,
                window_samples=window,
                hop_samples=window // 4,
                bins=bins,
                low_hertz=0.0,
                high_hertz=sample_rate / 2,
            )
            for window, bins in _RESOLUTIONS
        )

    def forward(self, output_BN: Tensor, target_BN: Tensor) -> Tensor:
        """Return the mean absolute log-mel difference, averaged over the resolutions."""
        losses = [(scale(output_BN) - scale(target_BN)).abs().mean() for scale in self.scales]
        return torch.stack(losses).mean()
