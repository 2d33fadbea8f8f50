"""What a DAC is trained against: descript-audio-codec's own discriminators and losses, behind tensors.

Sizes are those of the package's training script (Kumar et al. 2023, arXiv 2306.06546, section 4): seven mel scales of
windows 32 … 2,048, log magnitudes only; least-squares verdicts; feature matching summed over layers.

Shapes: ``B segments, N samples``.
"""

import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from amhctl.codec.dac import import_dac

_MEL_BINS = [5, 10, 20, 40, 80, 160, 320]
_MEL_WINDOWS = [32, 64, 128, 256, 512, 1024, 2048]
LONGEST_MEL_WINDOW = _MEL_WINDOWS[-1]


@dataclass(frozen=True, slots=True)
class DacLosses:
    """What speaks against a reconstruction.

    Attributes
    ----------
    mel : Tensor
        Multi-scale log-mel distance.
    adversarial : Tensor
        How far the discriminators are from being deceived.
    feature : Tensor
        Distance of their features.
    """

    mel: Tensor
    adversarial: Tensor
    feature: Tensor


class DacObjective:
    """The package's losses with its discriminators.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    periods, windows : Sequence[int]
        Of the multi-period and the multi-band spectrogram discriminators, in samples.
    """

    def __init__(self, *, sample_rate: int, periods: Sequence[int], windows: Sequence[int]) -> None:
        dac = import_dac()
        losses: Any = importlib.import_module("dac.nn.loss")
        self._signal: Any = importlib.import_module("audiotools").AudioSignal
        self._sample_rate = sample_rate
        with warnings.catch_warnings():
            # The package uses the older of torch's two weight norms.
            warnings.simplefilter("ignore", FutureWarning)
            self.discriminators: nn.Module = dac.model.Discriminator(
                rates=[], periods=list(periods), fft_sizes=list(windows), sample_rate=sample_rate
            )
        self._verdicts: Any = losses.GANLoss(self.discriminators)
        self._mel: Any = losses.MelSpectrogramLoss(
            n_mels=_MEL_BINS,
            window_lengths=_MEL_WINDOWS,
            mel_fmin=[0.0] * len(_MEL_BINS),
            mel_fmax=[None] * len(_MEL_BINS),
            pow=1.0,
            clamp_eps=1e-5,
            mag_weight=0.0,
        )

    def judge(self, made_BN: Tensor, target_BN: Tensor) -> Tensor:
        """Return the discriminators' loss; the reconstruction gets no gradient."""
        loss: Tensor = self._verdicts.discriminator_loss(self._wrap(made_BN), self._wrap(target_BN))
        return loss

    def oppose(self, made_BN: Tensor, target_BN: Tensor) -> DacLosses:
        """Return the codec's losses."""
        made, target = self._wrap(made_BN), self._wrap(target_BN)
        with warnings.catch_warnings():
            # At lower sample rates some of the 320 narrowest bins hold no frequency; they count as equal.
            warnings.filterwarnings("ignore", "Empty filters detected")
            # Each scale has its own shape.
            warnings.filterwarnings("ignore", "stft_data changed shape")
            mel = self._mel(made, target)
        adversarial, feature = self._verdicts.generator_loss(made, target)
        return DacLosses(mel, adversarial, feature)

    def _wrap(self, samples_BN: Tensor) -> Any:  # noqa: ANN401
        return self._signal(samples_BN[:, None], self._sample_rate)
