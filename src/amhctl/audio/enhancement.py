"""Speech enhancement: what an enhancer is, and a recording of any rate through one. Knows no model and no files.

An enhancer takes noise away and leaves speech where it is: the result has as many samples as the recording, none of
them later or earlier, and depends on nothing but the recording.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


class Enhancer(Protocol):
    """Something that takes noise out of speech."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def version(self) -> str:
        """Which one of that name, and how it is set: for people."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of its weights and settings: with the same one, the same recording comes out the same."""
        ...

    @property
    def sample_rate(self) -> int:
        """Samples per second of what it takes and gives."""
        ...

    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return as many samples without the noise, shape (N,), none of them delayed."""
        ...


def enhance_waveform(waveform: Waveform, enhancer: Enhancer) -> Waveform:
    """Return a recording without its noise: at its own rate, of its own length, no sample beyond full scale.

    Parameters
    ----------
    waveform : Waveform
        The recording, at any rate.
    enhancer : Enhancer
        What takes the noise out, at the rate that it needs.

    Raises
    ------
    AudioError
        If the recording is too short to be resampled, or the enhancer returns another number of samples or samples
        that are not finite.
    """
    resampled = resample(waveform, enhancer.sample_rate).samples
    enhanced = enhancer.enhance(resampled)
    if enhanced.shape != resampled.shape or not np.isfinite(enhanced).all():
        raise AudioError(
            f"{enhancer.name} returned {enhanced.size} samples for {resampled.size}, or values that are not finite",
            hint="report it, with the recording",
        )
    samples = resample(Waveform(enhanced, enhancer.sample_rate), waveform.sample_rate).samples
    # There and back may be one sample more or fewer.
    count = waveform.samples.size
    samples = np.pad(samples[:count], (0, max(0, count - samples.size)))
    top = float(np.abs(samples).max(initial=0.0))
    if top > 1.0:
        # Only the recording as a whole is turned down: a clipped crest is noise once more.
        samples = samples / np.float32(top)
    return Waveform(np.ascontiguousarray(samples, dtype=np.float32), waveform.sample_rate)


def describe(enhancer: Enhancer) -> str:
    """Return an enhancer in words, with the beginning of its fingerprint."""
    return f"{enhancer.name} {enhancer.version} ({enhancer.fingerprint[:12]})"
