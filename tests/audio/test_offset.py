"""Twin of ``audio/offset.py``."""

import numpy as np
import pytest
from support.loudness import rms_level
from support.speechlike import between_silences, vowel_train

from amhctl.audio import levels
from amhctl.audio.offset import largest_offset, without_offset, without_rumble
from amhctl.audio.waveform import Waveform

_RATE = 16_000


def _plus(waveform: Waveform, offset: np.ndarray | float) -> Waveform:
    return Waveform((waveform.samples + offset).astype(np.float32), waveform.sample_rate)


@pytest.mark.parametrize("offset", [0.02, -0.3])
def test_an_offset_changes_nothing_of_what_is_left(offset: float) -> None:
    clean = between_silences(vowel_train())
    left = without_offset(_plus(clean, offset)).samples
    assert np.abs(left - without_offset(clean).samples).max() < 1e-5
    assert abs(float(left.mean())) < 1e-5


def test_a_sound_card_that_settles_is_taken_away_and_the_voice_stays() -> None:
    clean = between_silences(vowel_train())
    settling = 0.05 * np.exp(-np.arange(clean.samples.size) / (0.1 * _RATE))
    left = without_offset(_plus(clean, settling))
    assert levels.silent_edges(left) == levels.silent_edges(clean)
    assert levels.speech_level(left) == pytest.approx(levels.speech_level(clean), abs=0.05)
    # The lowest voices lose no more than is written: 2 % at 60 Hz.
    tone = Waveform(np.sin(2 * np.pi * 60 * np.arange(_RATE) / _RATE).astype(np.float32), _RATE)
    assert rms_level(without_offset(tone)) - rms_level(tone) == pytest.approx(-0.1, abs=0.1)


def test_rumble_hides_no_silence_and_the_voice_stays() -> None:
    clean = between_silences(vowel_train(pitch=90.0), before=1.5)
    times = np.arange(clean.samples.size) / _RATE
    left = without_rumble(_plus(clean, 0.01 * np.sin(2 * np.pi * 15 * times)))
    assert levels.silent_edges(left) == pytest.approx(levels.silent_edges(clean), abs=0.03)
    assert levels.speech_level(left) == pytest.approx(levels.speech_level(clean), abs=1.0)


def test_an_offset_is_found_wherever_it_is() -> None:
    clean = vowel_train(seconds=10.0)
    assert abs(largest_offset(clean)) < 5e-4
    assert largest_offset(_plus(clean, -0.02)) == pytest.approx(-0.02, abs=5e-4)
    fading = np.where(np.arange(clean.samples.size) < _RATE // 4, 0.02, 0.0)
    # However long the recording is: its mean is a fortieth of this.
    assert largest_offset(_plus(clean, fading)) == pytest.approx(0.005, abs=5e-4)
    assert largest_offset(Waveform(np.full(100, 0.5, dtype=np.float32), _RATE)) == 0.5


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_the_shortest_waveforms_are_no_fault(size: int) -> None:
    silence = Waveform(np.zeros(size, dtype=np.float32), _RATE)
    assert without_offset(silence).samples.size == size
    assert largest_offset(silence) == 0.0
    slow = Waveform(np.ones(1_000, dtype=np.float32), 40)
    assert without_offset(slow) is slow
    assert without_rumble(slow) is slow
