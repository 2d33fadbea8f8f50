"""Twin of ``audio/spectrum.py``."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.resample import resample
from amhctl.audio.spectrum import NO_HUM, bandwidth, hum_level
from amhctl.audio.waveform import Waveform


def _breathy(rate: int, seconds: float = 3.0) -> Waveform:
    """Return voiced sound with breath up to half of the rate, as speech has."""
    speech = vowel_train(seconds=seconds, sample_rate=rate)
    noise = np.random.default_rng(1).normal(0.0, 0.004, speech.samples.size)
    return Waveform((speech.samples + noise).astype(np.float32), rate)


@pytest.mark.parametrize(("true", "claimed"), [(8_000, 16_000), (16_000, 24_000), (16_000, 48_000), (11_025, 22_050)])
def test_a_recording_made_of_a_lower_rate_ends_at_its_edge(true: int, claimed: int) -> None:
    assert bandwidth(resample(_breathy(true), claimed)) == pytest.approx(true / 2, rel=0.06)


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_a_full_band_has_no_edge(rate: int) -> None:
    assert bandwidth(_breathy(rate)) == rate / 2
    assert bandwidth(Waveform(np.zeros(rate, dtype=np.float32), rate)) == rate / 2
    assert bandwidth(Waveform(np.ones(5, dtype=np.float32), rate)) == rate / 2


def _noise(low: float, high: float, decibels: float) -> np.ndarray:
    """Return a second of noise in a band at 16 kHz, with a level in dB for each hertz."""
    spectrum = np.fft.rfft(np.random.default_rng(round(low)).normal(size=16_000))
    frequencies = np.fft.rfftfreq(16_000, 1 / 16_000)
    spectrum[(frequencies < low) | (frequencies >= high)] = 0.0
    return np.fft.irfft(spectrum) * 10.0 ** (decibels / 20.0)


def test_a_steep_formant_is_no_edge_where_speech_goes_on_above() -> None:
    pause = _noise(100, 3_600, -72.0) + _noise(3_600, 8_000, -82.0)
    formant = _noise(2_800, 3_600, -32.0)
    speech = formant + _noise(3_600, 8_000, -56.0)
    heard = Waveform(np.concatenate([pause, pause + speech, pause, pause + speech]).astype(np.float32), 16_000)
    assert bandwidth(heard) == 8_000.0
    # The same with nothing above came through a filter.
    cut = Waveform(np.concatenate([pause, pause + formant, pause, pause + formant]).astype(np.float32), 16_000)
    assert bandwidth(cut) == pytest.approx(3_600.0, abs=200.0)


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_hum_is_measured_against_the_speech(mains: float) -> None:
    speech = _breathy(16_000)
    times = np.arange(speech.samples.size) / 16_000
    hum = sum(0.01 * np.sin(2 * np.pi * mains * harmonic * times) for harmonic in (1, 2, 3))
    level = hum_level(Waveform((speech.samples + hum).astype(np.float32), 16_000))
    louder = hum_level(Waveform((speech.samples + 2 * hum).astype(np.float32), 16_000))
    assert -30.0 < level < -10.0
    assert louder - level == pytest.approx(6.0, abs=0.7)


def test_a_voice_is_no_hum() -> None:
    assert hum_level(_breathy(16_000)) == NO_HUM
    assert hum_level(vowel_train(seconds=3.0, pitch=100.0)) == NO_HUM
    assert hum_level(vowel_train(seconds=0.5)) == NO_HUM


def test_the_fundamental_of_the_mains_alone_is_hum_and_another_line_alone_may_be_anything() -> None:
    speech = _breathy(16_000)

    def level(hertz: float) -> float:
        tone = 0.01 * np.sin(2 * np.pi * hertz * np.arange(speech.samples.size) / 16_000)
        return hum_level(Waveform((speech.samples + tone).astype(np.float32), 16_000))

    assert all(-35.0 < level(hertz) < -10.0 for hertz in (50.0, 60.0))
    assert all(level(hertz) == NO_HUM for hertz in (42.0, 70.0, 100.0, 120.0))
