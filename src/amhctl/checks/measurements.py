"""What is measured on one recording, in bounded memory: a long one is measured window by window. Knows no findings.

A recording of two minutes or less is one window. Of more, the levels of all frames are looked at together, and so are
peaks, offsets and clipped samples; the band and the hum are those of the median window.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio import levels
from amhctl.audio.files import AudioInfo
from amhctl.audio.fingerprint import fingerprint
from amhctl.audio.offset import largest_offset, without_offset, without_rumble
from amhctl.audio.spectrum import bandwidth, hum_level
from amhctl.audio.waveform import Waveform

WINDOW_SECONDS = 120.0
"""How much of a recording is measured at once."""
# Samples of one plateau differ by half of the least significant bit of 16.
_SAME_PEAK = 1.0 - 2.0**-16


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured on one recording.

    Attributes
    ----------
    duration : float
        Seconds of the utterance.
    sample_rate, channels : int
        Of the file.
    peak : float
        Largest magnitude.
    level : float
        Speech level in dBFS.
    offset : float
        Mean of the samples of that second where it is farthest from zero.
    clipped : float
        Fraction of clipped samples.
    snr : float
        Estimated signal-to-noise ratio in dB.
    before, after : float
        Seconds of silence at the edges.
    pause : float
        Seconds of the longest silence between the edges.
    bandwidth : float
        Hz above which a filter has left nothing.
    hum : float
        Level of mains hum in dB relative to the speech.
    fingerprint : str
        Hexadecimal digits of a fingerprint that coding and gain hardly change (``audio.fingerprint``).
    sha256 : str
        Digest of the file.
    digest : str
        Digest of the decoded samples; equal recordings have equal ones whatever their files.
    full_scale : float
        What the file's samples were divided by before all this: 1 unless they are on another scale.
    """

    duration: float
    sample_rate: int
    channels: int
    peak: float
    level: float
    offset: float
    clipped: float
    snr: float
    before: float
    after: float
    pause: float
    bandwidth: float
    hum: float
    fingerprint: str
    sha256: str
    digest: str
    full_scale: float

    @property
    def speech_seconds(self) -> float:
        """Seconds without the silence at the edges."""
        return max(0.0, self.duration - self.before - self.after)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """What is kept of a window: levels frame by frame, and the rest in one number each."""

    samples: int
    peak: float
    offset: float
    clipped: float
    full: float
    raw: NDArray[np.float64]
    floors: NDArray[np.float64]
    centred: NDArray[np.float64]
    voice: NDArray[np.float64]
    bandwidth: float
    hum: float
    fingerprint: str


def measure(windows: Iterable[Waveform], info: AudioInfo, sha256: str, *, full_scale: float = 1.0) -> Measurements:
    """Measure a recording from a file of which header and digest are known.

    Loudness is measured without the offset, silence without rumble: a sound card that settles is no sound.

    Parameters
    ----------
    windows : Iterable[Waveform]
        The recording, in pieces that follow one another; each but the last ends where a frame ends.
    info : AudioInfo
        The file's header.
    sha256 : str
        The file's digest.
    full_scale : float
        What the samples were divided by already.

    Raises
    ------
    AudioError
        If reading the next window does.
    """
    digest = hashlib.blake2b(digest_size=16)
    found: list[_Window] = []
    for waveform in windows:
        digest.update(waveform.samples.tobytes())
        found.append(_measure_window(waveform))
    duration = sum(window.samples for window in found) / info.sample_rate
    raw, floors, centred, voice = (
        np.concatenate(columns)
        for columns in zip(*((one.raw, one.floors, one.centred, one.voice) for one in found), strict=True)
    )
    frame = levels.frame_samples(info.sample_rate) / info.sample_rate
    before, after = levels.silent_edges_of(voice, frame, duration)
    return Measurements(
        duration=duration,
        sample_rate=info.sample_rate,
        channels=info.channels,
        peak=max(window.peak for window in found),
        level=levels.speech_level_of(centred),
        offset=max((window.offset for window in found), key=abs),
        clipped=_clipped_share(found),
        snr=levels.signal_to_noise_of(raw, floors),
        before=before,
        after=after,
        pause=levels.longest_pause_of(voice, frame),
        bandwidth=_median([window.bandwidth for window in found]),
        hum=_median([window.hum for window in found]),
        fingerprint="".join(window.fingerprint for window in found),
        sha256=sha256,
        digest=digest.hexdigest(),
        full_scale=full_scale,
    )


def _measure_window(waveform: Waveform) -> _Window:
    centred, raw = without_offset(waveform), levels.frame_levels(waveform)
    return _Window(
        samples=waveform.samples.size,
        peak=levels.peak(waveform),
        offset=largest_offset(waveform),
        clipped=levels.clipped_share(waveform),
        full=levels.full_scale_share(waveform),
        raw=raw,
        floors=levels.floor_levels(waveform) if levels.has_doubtful_pauses(raw) else raw[:0],
        centred=levels.frame_levels(centred),
        voice=levels.frame_levels(without_rumble(waveform)),
        bandwidth=bandwidth(waveform),
        hum=hum_level(centred),
        fingerprint=fingerprint(waveform).astype("<u4").tobytes().hex(),
    )


def _clipped_share(windows: Sequence[_Window]) -> float:
    """Return the share of clipped samples; a flat run counts where it lies at the peak of the whole recording."""
    top = max(window.peak for window in windows) * _SAME_PEAK
    clipped = sum(round((one.clipped if one.peak >= top else one.full) * one.samples) for one in windows)
    return clipped / sum(one.samples for one in windows)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
