"""How loud a sound is, as tests measure it."""

import numpy as np

from amhctl.audio.waveform import Waveform


def rms_level(waveform: Waveform) -> float:
    """Return the root-mean-square level in dBFS, pauses included."""
    return float(10.0 * np.log10(np.mean(np.square(waveform.samples.astype(np.float64))) + 1e-20))
