"""Joining: lengths add up, fades complete each other, nothing exceeds full scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.units import Seconds
from amhctl.inference.stitching import Piece, cut, fade, join


def level(seconds: float, value: float = 0.5) -> Waveform:
    return Waveform(np.full(round(seconds * 16_000), value, dtype=np.float32), 16_000)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 0.3), st.floats(0.05, 0.4)), min_size=1, max_size=5))
def test_length_is_that_of_pieces_and_pauses(parts: list[tuple[float, float]]) -> None:
    pieces = [Piece(level(seconds), Seconds(pause)) for seconds, pause in parts]
    wanted = sum(piece.waveform.samples.size for piece in pieces)
    wanted += sum(round(pause * 16_000) for _, pause in parts[:-1])
    assert join(pieces).samples.size == wanted


def test_without_a_pause_a_steady_sound_stays_steady() -> None:
    joined = join([Piece(level(0.2), Seconds(0.0)), Piece(level(0.2), Seconds(0.0))])
    assert joined.samples.size == 6_400 - 240
    np.testing.assert_allclose(joined.samples[300:-300], 0.5, atol=1e-6)


def test_ends_are_faded_and_the_middle_is_left() -> None:
    faded = fade(level(0.1)).samples
    assert abs(faded[0]) < 1e-3
    assert abs(faded[-1]) < 1e-3
    np.testing.assert_array_equal(faded[240:-240], 0.5)


def test_too_loud_a_sum_is_scaled_as_a_whole() -> None:
    joined = join([Piece(level(0.2, 2.0), Seconds(0.0))])
    assert np.abs(joined.samples).max() == pytest.approx(0.99)


def test_a_single_take_keeps_a_margin_of_its_background() -> None:
    speech = vowel_train(seconds=1.0)
    (piece,) = cut([between_silences(speech, before=0.4, after=0.6)], [Seconds(0.3)])
    assert piece.waveform.duration == pytest.approx(1.1, abs=0.08)
    (whole,) = cut([speech], [Seconds(0.0)])
    np.testing.assert_array_equal(whole.waveform.samples, speech.samples)


@pytest.mark.parametrize(("before", "after"), [(0.6, 0.6), (0.6, 0.0), (0.0, 0.6), (0.0, 0.0), (0.1, 0.05)])
@pytest.mark.parametrize("pause", [0.0, 0.1, 0.45])
def test_what_lies_between_two_takes_is_the_pause(before: float, after: float, pause: float) -> None:
    speech = vowel_train(seconds=1.0)
    take = between_silences(speech, before=before, after=after)
    pieces = cut([take, take], [Seconds(pause), Seconds(9.0)])
    # Onsets and ends keep a margin of a frame or two each, which is not taken from the pause.
    between = sum(piece.waveform.duration for piece in pieces) + pieces[0].pause - 2.0 - 2 * 0.05
    assert between == pytest.approx(pause, abs=0.15)
    assert pieces[0].pause <= pause
    if before >= 0.45 or pause == 0.0:
        assert pieces[0].pause == 0.0


def test_nothing_and_mixed_rates_are_refused() -> None:
    with pytest.raises(SynthesisError):
        join([])
    with pytest.raises(SynthesisError, match="sample rates"):
        join([Piece(level(0.1), Seconds(0.0)), Piece(vowel_train(sample_rate=22_050), Seconds(0.0))])
