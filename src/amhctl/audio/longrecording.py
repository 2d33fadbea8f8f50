"""A recording that is too long to be held in memory: read, levelled and resampled where it is wanted.

Knows no manifests.

Its samples are those of the recording as a whole, within the rounding of a resampler that begins again for each piece.

Shapes: ``N samples, T feature frames, F features``.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import Part, read, read_windows
from amhctl.audio.levels import frame_levels, speech_gain
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.config.mel import MelConfig
from amhctl.core.units import Seconds

LONG_SECONDS = 300.0
"""More than this is long. An utterance has some seconds; a recording that is an hour long has not been cut yet."""
_WINDOW_SECONDS = 60
# A resampler hears less than a tenth of a second beyond a sample.
_MARGIN_SECONDS = 1
_WINDOW_FRAMES = 6_000


@dataclass(frozen=True, slots=True)
class LongRecording:
    """A part of a file at a level and a sample rate.

    Attributes
    ----------
    path : Path
        The file.
    part : Part
        Which of its samples.
    sample_rate : int
        Samples per second of what ``piece`` returns.
    mean, gain : float
        What is taken from each sample of the file, and by what the rest is multiplied.
    """

    path: Path
    part: Part
    sample_rate: int
    mean: float = 0.0
    gain: float = 1.0

    @property
    def size(self) -> int:
        """How many samples there are at the sample rate."""
        return int(self.part.count * self.sample_rate / self.part.sample_rate + 0.5)

    @property
    def duration(self) -> Seconds:
        """Length in seconds."""
        return self.part.duration

    def at(self, sample_rate: int) -> "LongRecording":
        """Return the recording at another sample rate."""
        return replace(self, sample_rate=sample_rate)

    def levelled(self, level: float) -> "LongRecording":
        """Return the recording as ``levels.set_speech_level`` makes it; it is read twice for that.

        Raises
        ------
        AudioError
            As ``audio.files.read``.
        """
        mean = np.float32(sum(float(one.sum(dtype=np.float64)) for one in self.windows()) / self.part.count)
        found, largest = [], 0.0
        for samples in self.windows():
            centred = samples - mean
            largest = max(largest, float(np.abs(centred).max(initial=0.0)))
            found.append(frame_levels(Waveform(centred, self.part.sample_rate)))
        if largest == 0.0:
            return self
        return replace(self, mean=float(mean), gain=speech_gain(np.concatenate(found), level, largest=largest))

    def windows(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples of the file one stretch after another, as they are there.

        Raises
        ------
        AudioError
            As ``audio.files.read``.
        """
        for waveform in read_windows(
            self.path, offset=self.part.offset, duration=float(self.part.duration), longest=_WINDOW_SECONDS
        ):
            yield waveform.samples

    def piece(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return some samples at the sample rate, shape (stop - start,).

        Raises
        ------
        AudioError
            As ``audio.files.read``.
        """
        rate, source = self.sample_rate, self.part.sample_rate
        # Whole seconds, so that samples of both rates fall together at the beginning.
        first = max(0, start // rate - _MARGIN_SECONDS)
        last = min(self.part.count, (math.ceil(stop / rate) + _MARGIN_SECONDS) * source)
        count = last - first * source
        waveform = read(self.path, offset=(self.part.start + first * source) / source, duration=count / source)
        samples = (waveform.samples - np.float32(self.mean)) * np.float32(self.gain)
        resampled = resample(Waveform(samples.astype(np.float32), source), rate).samples
        return resampled[start - first * rate : stop - first * rate]


def long_log_mel(recording: LongRecording, config: MelConfig) -> NDArray[np.float16]:
    """Return the log-mel frames of a long recording in half precision, shape (1 + N // hop, F), as ``mel.log_mel``.

    Raises
    ------
    AudioError
        As ``audio.files.read``.
    """
    resampled, hop = recording.at(config.sample_rate), config.hop_samples
    # Frames at the ends of a piece that is not at an end of the recording see what is not there.
    margin = config.fft_samples // (2 * hop) + 2
    count = 1 + resampled.size // hop
    features_TF = np.empty((count, config.bins), dtype=np.float16)
    for start in range(0, count, _WINDOW_FRAMES):
        stop = min(count, start + _WINDOW_FRAMES)
        begin = max(0, start - margin)
        samples = resampled.piece(begin * hop, min(resampled.size, (stop + margin) * hop))
        features_TF[start:stop] = log_mel(samples, config)[start - begin : stop - begin]
    return features_TF
