"""Change of sample rate by soxr, at its highest quality, and of level before it. Knows nothing of files."""

import numpy as np
import soxr

from amhctl.audio.levels import set_speech_level
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


def resample(waveform: Waveform, sample_rate: int) -> Waveform:
    """Return the waveform at another sample rate; the same object if the rate is right already.

    Raises
    ------
    AudioError
        If the rate is not positive, or the waveform so short that nothing is left of it.
    """
    if sample_rate <= 0:
        raise AudioError(f"a sample rate must be positive, not {sample_rate}")
    if sample_rate == waveform.sample_rate:
        return waveform
    samples = soxr.resample(waveform.samples, waveform.sample_rate, sample_rate, quality="VHQ")
    if not samples.size:
        raise AudioError(
            f"{waveform.samples.size} samples at {waveform.sample_rate} Hz are too few to resample",
            hint="remove the recording from the manifest",
        )
    return Waveform(np.ascontiguousarray(samples, dtype=np.float32), sample_rate)


def bring_to(waveform: Waveform, *, level: float, sample_rate: int) -> Waveform:
    """Return a recording at a speech level and a sample rate: the one way to codecs, prompts and measurements.

    The level is set first, on all that was recorded: what a lower rate cuts off does not change it.

    Raises
    ------
    AudioError
        As ``resample`` does.
    """
    return resample(set_speech_level(waveform, level), sample_rate)
