"""Loudness by the figures of the standard: sines, gates, and what is set."""

import numpy as np
import pytest

from amhctl.audio.loudness import loudness, set_loudness
from amhctl.audio.waveform import Waveform


def sine(hertz: float, peak: float, *, rate: int = 48_000, seconds: float = 3.0) -> Waveform:
    times = np.arange(round(seconds * rate)) / rate
    return Waveform((peak * np.sin(2 * np.pi * hertz * times)).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_a_sine_of_997_hertz_at_full_scale_has_minus_3_01(rate: int) -> None:
    assert loudness(sine(997.0, 1.0, rate=rate)) == pytest.approx(-3.01, abs=0.1)


def test_ten_times_smaller_is_twenty_decibels_less() -> None:
    assert loudness(sine(997.0, 0.05)) - loudness(sine(997.0, 0.5)) == pytest.approx(-20.0, abs=1e-3)


def test_silence_between_words_does_not_count() -> None:
    tone = sine(997.0, 0.2)
    apart = Waveform(np.concatenate([tone.samples, np.zeros(48_000 * 5, np.float32), tone.samples]), 48_000)
    assert loudness(apart) == pytest.approx(loudness(tone), abs=0.3)


def test_low_hum_counts_less_than_speech() -> None:
    assert loudness(sine(20.0, 0.5)) < loudness(sine(997.0, 0.5)) - 10.0


def test_loudness_is_set_as_far_as_peaks_allow() -> None:
    assert loudness(set_loudness(sine(997.0, 0.01), -18.0)) == pytest.approx(-18.0, abs=0.01)
    loud = set_loudness(sine(997.0, 0.01), 0.0)
    assert float(np.abs(loud.samples).max()) == pytest.approx(0.99, abs=1e-4)


def test_silence_and_short_sounds_are_measured() -> None:
    silent = Waveform(np.zeros(100, dtype=np.float32), 16_000)
    assert loudness(silent) == float("-inf")
    assert set_loudness(silent, -18.0) is silent
    assert np.isfinite(loudness(sine(997.0, 0.5, seconds=0.1)))
