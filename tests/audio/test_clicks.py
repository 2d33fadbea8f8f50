"""Twin of ``audio/clicks.py``."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.clicks import CLICK, click_prominence, find_clicks, largest_click
from amhctl.audio.waveform import Waveform

RATE = 16_000


def clip(samples: np.ndarray, sample_rate: int = RATE) -> Waveform:
    return Waveform(samples.astype(np.float32), sample_rate)


def test_speech_that_fades_in_and_out_does_not_click() -> None:
    assert find_clicks(between_silences(vowel_train())) == ()


@pytest.mark.parametrize("sample_rate", [16_000, 24_000])
def test_a_jump_in_silence_is_found_where_it_is(sample_rate: int) -> None:
    samples = np.zeros(sample_rate)
    samples[sample_rate // 4] = 0.1
    samples[sample_rate // 2 :] += 0.05 * np.linspace(1.0, 0.0, sample_rate // 2) ** 2
    assert find_clicks(clip(samples, sample_rate)) == pytest.approx((0.25, 0.5), abs=1e-3)


def test_sounds_that_are_cut_off_click_at_their_edges() -> None:
    tone = 0.3 * np.cos(2 * np.pi * 200.0 * np.arange(RATE) / RATE)
    first, last = find_clicks(clip(tone))
    assert first == pytest.approx(0.0, abs=1e-3)
    assert last == pytest.approx(1.0, abs=1e-3)
    faded = tone * np.minimum(1.0, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / 800.0)
    assert find_clicks(clip(faded)) == ()


def test_pulses_of_a_voice_and_bursts_of_stops_are_no_clicks() -> None:
    pulses = np.zeros(RATE)
    pulses[4_000:12_000:130] = 0.5
    assert find_clicks(clip(pulses)) == ()
    burst = np.zeros(RATE)
    burst[8_000:8_160] = np.random.default_rng(0).normal(0.0, 0.2, 160)
    assert find_clicks(clip(burst)) == ()


def test_a_click_is_measured_against_the_loudest_beside_it() -> None:
    samples = np.zeros(RATE)
    samples[8_000], samples[8_200] = 0.4, 0.1
    prominence = click_prominence(clip(samples))
    assert prominence.shape == (RATE,)
    assert largest_click(clip(samples)) == pytest.approx(4.0, rel=1e-5)
    assert largest_click(clip(samples)) < CLICK
    assert largest_click(clip(np.zeros(100))) == 0.0
