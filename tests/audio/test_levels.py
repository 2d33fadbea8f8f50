import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from support.loudness import rms_level
from support.speechlike import between_silences, vowel_train

from amhctl.audio import levels
from amhctl.audio.waveform import Waveform


def _scaled(waveform: Waveform, gain: float, offset: float = 0.0) -> Waveform:
    return Waveform((waveform.samples * gain + offset).astype(np.float32), waveform.sample_rate)


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(-120.0, 0.0)))
def test_the_level_of_speech_is_the_ninetieth_percentile_to_the_last_bit(values: NDArray[np.float64]) -> None:
    assert levels.speech_level_of(values) == float(np.quantile(values, 0.9))


def test_the_level_of_what_is_no_number_is_none() -> None:
    assert np.isnan(levels.speech_level_of(np.array([-3.0, np.nan, -1.0])))
    with pytest.raises(IndexError):
        levels.speech_level_of(np.array([]))


def test_gain_moves_levels_by_decibels() -> None:
    waveform = vowel_train()
    for measure in (levels.speech_level, rms_level):
        assert measure(_scaled(waveform, 0.1)) == pytest.approx(measure(waveform) - 20.0, abs=0.01)
    assert levels.peak(_scaled(waveform, 0.1)) == pytest.approx(levels.peak(waveform) * 0.1)


def test_setting_the_speech_level_reaches_it_and_removes_an_offset() -> None:
    result = levels.set_speech_level(_scaled(vowel_train(), 0.1, 0.02), -25.0)
    assert levels.speech_level(result) == pytest.approx(-25.0, abs=0.01)
    assert abs(float(result.samples.mean(dtype=np.float64))) < 1e-6
    silence = Waveform(np.zeros(100, dtype=np.float32), 16_000)
    assert levels.set_speech_level(silence, -20.0) is silence


@pytest.mark.parametrize("gain_after", [1.0, 0.3])
def test_clipping_is_found_even_when_turned_down_again(gain_after: float) -> None:
    waveform = vowel_train(level=0.5)
    clipped = Waveform((np.clip(waveform.samples * 4, -1, 1) * gain_after).astype(np.float32), 16_000)
    assert levels.clipped_share(waveform) == 0.0
    assert levels.clipped_share(clipped) > 0.01


def test_noise_lowers_the_signal_to_noise_ratio() -> None:
    clean = between_silences(vowel_train())
    noise = np.random.default_rng(0).normal(0, 0.05, clean.samples.size)
    noisy = Waveform((clean.samples + noise).astype(np.float32), 16_000)
    assert levels.signal_to_noise(noisy) < 10.0
    assert levels.signal_to_noise(clean) > 20.0
    assert levels.signal_to_noise(Waveform(np.zeros(8_000, dtype=np.float32), 16_000)) == 0.0


def test_silent_edges_are_measured_to_a_frame() -> None:
    before, after = levels.silent_edges(between_silences(vowel_train(), before=0.5, after=0.8))
    assert before == pytest.approx(0.5, abs=0.03)
    assert after == pytest.approx(0.8, abs=0.03)
    assert levels.silent_edges(vowel_train()) == pytest.approx((0.0, 0.0), abs=0.03)


def _with_clicks(waveform: Waveform, *seconds: float) -> Waveform:
    samples = waveform.samples.copy()
    for second in seconds:
        start = round(second * waveform.sample_rate)
        samples[start : start + 160] += 0.3 * np.hanning(160).astype(np.float32)
    return Waveform(samples, waveform.sample_rate)


def test_a_click_is_no_speech_unless_it_ends_a_word() -> None:
    clean = between_silences(vowel_train(), before=1.0, after=1.0)
    end = float(clean.duration)
    assert levels.silent_edges(_with_clicks(clean, 0.4, end - 0.3)) == levels.silent_edges(clean)
    # The release of a last stop comes after a closure of no more than 0.2 s.
    before, after = levels.silent_edges(_with_clicks(clean, end - 0.85))
    assert (before, after) == (levels.silent_edges(clean)[0], pytest.approx(0.85, abs=0.03))
    # What is as short as a click has nothing else to go by.
    assert levels.silent_edges(vowel_train(seconds=0.05)) == (0.0, 0.0)


def _with_noise(waveform: Waveform, second: float, *, under: float, lasting: float = 0.15) -> Waveform:
    samples = waveform.samples.copy()
    start, size = round(second * waveform.sample_rate), round(lasting * waveform.sample_rate)
    noise = np.random.default_rng(0).normal(size=size) * 10.0 ** ((levels.speech_level(waveform) - under) / 20.0)
    samples[start : start + size] += noise.astype(np.float32)
    return Waveform(samples, waveform.sample_rate)


def test_a_faint_sound_far_from_the_speech_is_silence_at_the_edge() -> None:
    clean = between_silences(vowel_train(), before=2.5, after=2.5)
    edges, end = levels.silent_edges(clean), float(clean.duration)
    for second in (0.2, end - 0.5):
        breath = _with_noise(clean, second, under=20.0)
        assert levels.silent_edges(breath) == edges
        assert levels.longest_pause(breath) < 0.1
    # Several such sounds, far from the speech or not from one another, are no more.
    for places in ((0.1, 1.25), (0.1, 0.9), (end - 1.1, end - 0.2)):
        noisy = clean
        for second in places:
            noisy = _with_noise(noisy, second, under=22.0)
        assert levels.silent_edges(noisy) == edges
    # What is loud, near or lasts may be a word.
    for doubtful in (
        _with_noise(clean, 0.2, under=10.0),
        _with_noise(clean, 1.7, under=20.0),
        _with_noise(clean, 0.2, under=20.0, lasting=0.7),
    ):
        assert levels.silent_edges(doubtful)[0] < edges[0]


def test_the_longest_pause_lies_between_the_edges() -> None:
    speech = vowel_train(seconds=1.0)
    samples = np.concatenate([np.zeros(8_000), speech.samples, np.zeros(24_000), speech.samples, np.zeros(40_000)])
    assert levels.longest_pause(Waveform(samples.astype(np.float32), 16_000)) == pytest.approx(1.5, abs=0.03)
    assert levels.longest_pause(speech) < 0.1
    assert levels.longest_pause(Waveform(np.zeros(16_000, dtype=np.float32), 16_000)) == 0.0


def test_what_sounds_is_counted_without_pauses_and_clicks() -> None:
    speech = between_silences(vowel_train(seconds=2.0), before=1.0, after=1.0)
    assert levels.sounding_seconds(speech) == pytest.approx(2.0, abs=0.05)
    assert levels.sounding_seconds(_with_clicks(speech, 0.3)) == levels.sounding_seconds(speech)
    short = vowel_train(seconds=0.51)
    assert levels.sounding_seconds(short) <= short.duration
