"""Loudness by the figures of the standard: sines, gates, and what is set."""

import numpy as np
import pytest
from scipy.signal import lfilter

from amhctl.audio import loudness as loudness_module
from amhctl.audio.loudness import limit_peaks, loudness, set_loudness
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


@pytest.mark.parametrize(("peak", "reached"), [(1.3, -18.0), (1.8, -18.0), (3.0, -21.5)])
def test_a_few_high_peaks_are_turned_down_but_not_by_more_than_six_decibels(peak: float, reached: float) -> None:
    """At -18 LUFS the peaks would be so high; scaling alone would leave it 2, 5 and 10 dB too soft."""
    samples = set_loudness(sine(997.0, 0.1), -18.0).samples.copy()
    samples[60_000:60_048] *= np.float32(peak / np.abs(samples).max())
    result = set_loudness(Waveform(samples * np.float32(0.1), 48_000), -18.0)
    assert loudness(result) == pytest.approx(reached, abs=0.1)
    assert float(np.abs(result.samples).max()) == pytest.approx(0.99, abs=0.005)
    assert np.abs(result.samples).max() <= np.float32(0.99)


def test_only_what_is_near_a_peak_is_turned_down() -> None:
    samples = sine(200.0, 0.5).samples.copy()
    samples[48_000:48_100] *= 3.0
    waveform = Waveform(samples, 48_000)
    limited = limit_peaks(waveform, 0.9).samples
    assert float(np.abs(limited).max()) <= np.float32(0.9)
    far = np.abs(np.arange(samples.size) - 48_050) > 50 + 480 + 2
    np.testing.assert_array_equal(limited[far], samples[far])
    gain = limited[samples != 0] / samples[samples != 0]
    assert float(np.abs(np.diff(gain)).max()) < 0.01
    np.testing.assert_array_equal(limit_peaks(sine(200.0, 0.5), 0.9).samples, sine(200.0, 0.5).samples)


def test_silence_and_short_sounds_are_measured() -> None:
    silent = Waveform(np.zeros(100, dtype=np.float32), 16_000)
    assert loudness(silent) == float("-inf")
    assert set_loudness(silent, -18.0) is silent
    assert np.isfinite(loudness(sine(997.0, 0.5, seconds=0.1)))


def test_a_long_sound_is_weighted_piece_by_piece_as_a_filter_weights_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loudness_module, "_PIECE_SECONDS", 1.3)
    samples = np.random.default_rng(0).standard_normal(16_000 * 4 + 7).astype(np.float32)
    filtered = samples.astype(np.float64)
    for numerator, denominator in (loudness_module._shelf(16_000), loudness_module._high_pass(16_000)):
        filtered = lfilter(numerator, denominator, filtered)
    np.testing.assert_allclose(loudness_module._weight(Waveform(samples, 16_000)), filtered, atol=1e-9)
