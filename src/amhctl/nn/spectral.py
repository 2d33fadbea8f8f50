"""Spectra: mel filterbank, log-mel, and the inverse-STFT head. Numbers in, numbers out.

Shapes: ``B batch, N samples, T frames, F mel bins, K frequency bins, D width``.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LOG_FLOOR = 1e-5


def mel_filterbank(*, sample_rate: int, fft_samples: int, bins: int, low_hertz: float, high_hertz: float) -> Tensor:
    """Return the Slaney mel filterbank, shape (K, F): linear below 1 kHz, logarithmic above, unit area per filter.

    Source: M. Slaney, Auditory Toolbox (1998), as in librosa's default.
    """

    def to_mel(hertz: Tensor) -> Tensor:
        linear = hertz / (200.0 / 3.0)
        logarithmic = 15.0 + torch.log(torch.clamp(hertz, min=1e-9) / 1000.0) / (math.log(6.4) / 27.0)
        return torch.where(hertz >= 1000.0, logarithmic, linear)

    def to_hertz(mel: Tensor) -> Tensor:
        linear = mel * (200.0 / 3.0)
        logarithmic = 1000.0 * torch.exp((math.log(6.4) / 27.0) * (mel - 15.0))
        return torch.where(mel >= 15.0, logarithmic, linear)

    band = to_mel(torch.tensor([low_hertz, high_hertz], dtype=torch.float64))
    edges = to_hertz(torch.linspace(float(band[0]), float(band[1]), bins + 2, dtype=torch.float64))
    frequencies = torch.linspace(0.0, sample_rate / 2, fft_samples // 2 + 1, dtype=torch.float64)
    rising = (frequencies[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    triangles = torch.clamp(torch.minimum(rising, falling), min=0.0)
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))).to(torch.float32)


class LogMel(nn.Module):
    """Log-mel spectrogram: centred Hann STFT with zero padding, magnitude, Slaney filterbank, natural logarithm.

    Parameters
    ----------
    sample_rate, fft_samples, window_samples, hop_samples, bins : int
        As in ``MelConfig``.
    low_hertz, high_hertz : float
        Edges of the filterbank.
    """

    window: Tensor
    filters_KF: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        fft_samples: int,
        window_samples: int,
        hop_samples: int,
        bins: int,
        low_hertz: float,
        high_hertz: float,
    ) -> None:
        super().__init__()
        self.fft_samples = fft_samples
        self.window_samples = window_samples
        self.hop_samples = hop_samples
        self.register_buffer("window", torch.hann_window(window_samples), persistent=False)
        filters_KF = mel_filterbank(
            sample_rate=sample_rate, fft_samples=fft_samples, bins=bins, low_hertz=low_hertz, high_hertz=high_hertz
        )
        self.register_buffer("filters_KF", filters_KF, persistent=False)

    def forward(self, samples_BN: Tensor) -> Tensor:
        """Return log-mel frames, shape (B, 1 + N // hop, F)."""
        # Zeros, not reflection: a frame then depends on nothing that a padded batch could change.
        spectrum_BKT = torch.stft(
            samples_BN.float(),
            self.fft_samples,
            self.hop_samples,
            self.window_samples,
            self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum_BKT.real.square() + spectrum_BKT.imag.square()
        magnitude_BTK = torch.sqrt(power + 1e-12).transpose(1, 2)
        return torch.log(torch.clamp(magnitude_BTK @ self.filters_KF, min=LOG_FLOOR))


class InverseSTFTHead(nn.Module):
    """Predicts magnitude and phase of each frame and adds the frames up (Vocos).

    Parameters
    ----------
    width : int
        Channels D of the frames.
    fft_samples : int
        Length of each synthesised frame.
    hop_samples : int
        Samples from one frame to the next.
    centred : bool
        Whether frame t is centred on sample ``t * hop``, as those of ``LogMel`` are, or half a hop later.
    """

    window: Tensor

    def __init__(self, width: int, *, fft_samples: int, hop_samples: int, centred: bool = False) -> None:
        super().__init__()
        self.fft_samples = fft_samples
        self.hop_samples = hop_samples
        self.edge = fft_samples // 2 if centred else (fft_samples - hop_samples) // 2
        self.project = nn.Linear(width, fft_samples + 2)
        # On the CPU also where shapes alone are made: on the meta device torch would load a library of algebra for it.
        self.register_buffer("window", torch.hann_window(fft_samples, device="cpu"), persistent=False)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        """Return samples, shape (B, T * hop)."""
        log_magnitude, phase = self.project(hidden_BTD).float().chunk(2, dim=-1)
        # e^7 lies far above any speech magnitude: the clip only stops an early blow-up.
        magnitude = torch.exp(torch.clamp(log_magnitude, max=7.0))
        spectrum_BTK = torch.complex(magnitude * torch.cos(phase), magnitude * torch.sin(phase))
        frames_BTN = torch.fft.irfft(spectrum_BTK, n=self.fft_samples, dim=-1) * self.window
        frames = frames_BTN.shape[1]
        whole = (frames - 1) * self.hop_samples + self.fft_samples
        samples = _overlap_add(frames_BTN, whole, self.hop_samples)
        envelope = _overlap_add(self.window.square().expand(1, frames, -1), whole, self.hop_samples)
        kept = slice(self.edge, self.edge + frames * self.hop_samples)
        return samples[:, kept] / torch.clamp(envelope[:, kept], min=1e-3)


def _overlap_add(frames_BTN: Tensor, whole: int, hop_samples: int) -> Tensor:
    folded = functional.fold(frames_BTN.transpose(1, 2), (1, whole), (1, frames_BTN.shape[-1]), stride=(1, hop_samples))
    return folded[:, 0, 0, :]
