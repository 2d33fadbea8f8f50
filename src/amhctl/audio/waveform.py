"""A waveform: mono samples and their rate. Knows nothing of files."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import AudioError
from amhctl.core.units import Seconds


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Mono audio.

    Attributes
    ----------
    samples : NDArray[np.float32]
        Shape (N,), nominally within [-1, 1].
    sample_rate : int
        Samples per second.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        """Refuse anything but one channel of 32-bit floats.

        Raises
        ------
        AudioError
            If the samples are not a one-dimensional float32 array or the rate is not positive.
        """
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise AudioError(f"a waveform is (N,) float32, not {self.samples.shape} {self.samples.dtype}")
        if self.sample_rate <= 0:
            raise AudioError(f"a sample rate must be positive, not {self.sample_rate}")

    @property
    def duration(self) -> Seconds:
        """Length in seconds."""
        return Seconds(self.samples.shape[0] / self.sample_rate)
