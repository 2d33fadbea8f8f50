"""Bends: which piece of a segment is said how, and volumes of its pieces."""

import numpy as np
import pytest

from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.inference.bends import Bend, bend_pieces, course, set_volumes
from amhctl.inference.options import SpeakOptions
from amhctl.inference.wordtimes import Written

PLAIN, SLOW, HIGH = Bend(1.0, 0.0, 0.0), Bend(0.5, 0.0, 0.0), Bend(1.0, 3.0, 0.0)
TEXT = "«አብ ጊዳ» ሀሁ"
WORDS = ((0, 3), (4, 7), (8, 10))


def test_a_word_is_said_as_its_first_letter_asks_and_silence_as_the_word_before() -> None:
    written = Written(WORDS, (None, 0, 0, None, 1, None, 2, None))
    # The mark before the first letter is outside.
    bends = ((0, PLAIN), (1, SLOW), (5, HIGH))
    assert bend_pieces(TEXT, written, bends) == (SLOW, SLOW, SLOW, SLOW, SLOW, SLOW, HIGH, HIGH)
    assert bend_pieces(TEXT, written, ((0, PLAIN), (8, SLOW))) == (*(PLAIN,) * 6, SLOW, SLOW)


def test_what_is_said_alike_is_one_value() -> None:
    written = Written(WORDS, (None, 0, None, 1, None, 2))
    assert bend_pieces(TEXT, written, ((0, PLAIN), (3, SLOW), (4, PLAIN))) == (PLAIN,)
    assert bend_pieces(TEXT, Written(WORDS[2:], (0, None)), ((0, PLAIN), (8, SLOW))) == (SLOW,)
    assert bend_pieces(TEXT, Written(WORDS[1:]), ((0, SLOW), (8, HIGH))) == (SLOW,)
    assert bend_pieces(TEXT, Written(), ((0, SLOW), (8, HIGH))) == (SLOW,)


def test_options_are_applied_whole() -> None:
    options = Bend(1.5, -2.0, 3.0).applied(SpeakOptions(seed=4, energy=1.0))
    assert options == SpeakOptions(seed=4, energy=1.0, speed=1.5, pitch=-2.0, volume=3.0)


def test_a_softer_piece_is_softer_and_the_others_stay() -> None:
    tone = Waveform((0.3 * np.sin(np.arange(24_000) * 0.2)).astype(np.float32), 16_000)
    shaped, louder = set_volumes(tone, *course((0.5, 1.0, 1.5), (0.0, -12.0, 0.0)))
    factor = 10.0 ** (-12.0 / 20.0)
    np.testing.assert_allclose(shaped.samples[8_200:15_800], tone.samples[8_200:15_800] * factor, rtol=1e-5)
    for part in (slice(0, 7_800), slice(16_200, None)):
        np.testing.assert_array_equal(shaped.samples[part], tone.samples[part])
    assert louder == pytest.approx(loudness(shaped) - loudness(tone))
    assert louder < -0.5
    # No step that would click: the tone itself moves more from sample to sample.
    assert np.abs(np.diff(shaped.samples)).max() <= np.abs(np.diff(tone.samples)).max() + 1e-3
    silence = Waveform(np.zeros(1_600, dtype=np.float32), 16_000)
    assert set_volumes(silence, *course((0.1,), (6.0,)))[1] == 0.0


def test_a_course_changes_within_twenty_milliseconds_about_an_edge() -> None:
    assert course((0.5, 0.6, 1.0), (1.0, 1.0, 1.0)) == ([0.0], [1.0])
    assert course((0.5, 0.75, 1.0), (1.0, 3.0, 3.0)) == ([0.0, 0.49, 0.51], [1.0, 1.0, 3.0])
