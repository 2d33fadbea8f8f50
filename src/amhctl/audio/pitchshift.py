"""The pitch of speech, moved while its timbre and its times stay. Knows no voice.

Source: Morise, Yokomori and Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications", IEICE Trans. Inf. & Syst. E99-D(7), 2016.
"""

from collections.abc import Sequence

import numpy as np

from amhctl.audio.pitch import find_pitch, load_world
from amhctl.audio.waveform import Waveform

_FRAME_SECONDS = 0.005
# Between the lowest man and the highest child, as they read.
_FLOOR, _CEILING = 55.0, 600.0


def shift_pitch(waveform: Waveform, times: Sequence[float], semitones: Sequence[float]) -> Waveform:
    """Return speech whose pitch is higher or lower; where it is to stay, the samples are what they were.

    Parameters
    ----------
    waveform : Waveform
        The speech.
    times : Sequence[float]
        Seconds, rising.
    semitones : Sequence[float]
        How much higher it is to be at each of them; between them by a straight line, before and after them as there.

    Raises
    ------
    MissingExtra
        If pyworld is not installed.
    """
    if not any(semitones) or not waveform.samples.any():
        return waveform
    world, rate = load_world(), waveform.sample_rate
    hop = round(_FRAME_SECONDS * rate)
    samples = waveform.samples.astype(np.float64)
    pitch = find_pitch(waveform.samples, rate, hop, floor=_FLOOR, ceiling=_CEILING).astype(np.float64)
    places = np.arange(pitch.size) * hop / rate
    size = world.get_cheaptrick_fft_size(rate, _FLOOR)
    envelope = world.cheaptrick(samples, pitch, places, rate, f0_floor=_FLOOR, fft_size=size)
    breath = world.d4c(samples, pitch, places, rate, fft_size=size)
    moved = pitch * 2.0 ** (np.interp(places, times, semitones) / 12.0)
    drawn = world.synthesize(moved, envelope, breath, rate, 1000.0 * hop / rate)
    drawn = np.pad(drawn, (0, max(0, samples.size - drawn.size)))[: samples.size]
    share = np.interp(np.arange(samples.size) / rate, times, [float(each != 0.0) for each in semitones])
    # What is drawn anew is as loud as what it takes the place of.
    power = np.sum(share * np.square(drawn))
    gain = np.sqrt(np.sum(share * np.square(samples)) / power) if power > 0.0 else 0.0
    mixed = (samples + share * (gain * drawn - samples)).astype(np.float32)
    return Waveform(np.where(share > 0.0, mixed, waveform.samples), rate)
