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


def test_a_take_without_any_speech_stays_whole() -> None:
    silence = level(0.5, 0.0)
    for place, takes in ((0, [silence, level(0.5)]), (1, [level(0.5), silence])):
        piece = cut(takes, [Seconds(0.0), Seconds(0.0)])[place]
        np.testing.assert_array_equal(piece.waveform.samples, silence.samples)


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


def frames(before: int, speech: int, after: int) -> Waveform:
    """Return frames of 25 ms: of faint background, of speech, and of background again, every sample another one."""
    parts = [(before, 1e-3), (speech, 0.5), (after, 1e-3)]
    samples = np.concatenate([np.full(count * 400, value) for count, value in parts])
    return Waveform((samples * np.linspace(0.9, 1.0, samples.size)).astype(np.float32), 16_000)


@pytest.mark.parametrize(
    ("take", "first", "stop"),
    [
        # One frame of margin belongs to the speech, and 50 ms of background are kept around it.
        (frames(10, 20, 10), 9 * 400 - 800, 31 * 400 + 800),
        (frames(2, 20, 10), 0, 23 * 400 + 800),
        (frames(0, 20, 3), 0, 21 * 400 + 800),
        (frames(10, 20, 2), 9 * 400 - 800, 32 * 400),
        (frames(10, 20, 1), 9 * 400 - 800, 31 * 400),
        (frames(10, 20, 0), 9 * 400 - 800, 30 * 400),
    ],
)
def test_a_take_is_cut_to_the_sample(take: Waveform, first: int, stop: int) -> None:
    (piece,) = cut([take], [Seconds(7.0)])
    np.testing.assert_array_equal(piece.waveform.samples, take.samples[first:stop])


@pytest.mark.parametrize(("after", "stop"), [(0, 30 * 400 + 100), (1, 31 * 400 + 100), (2, 31 * 400), (5, 31 * 400)])
def test_a_rest_behind_the_last_whole_frame_is_margin_too(after: int, stop: int) -> None:
    whole = frames(10, 20, after)
    take = Waveform(np.append(whole.samples, np.full(100, 1e-3, dtype=np.float32)), 16_000)
    first, _ = cut([take, take], [Seconds(0.0), Seconds(0.0)])
    np.testing.assert_array_equal(first.waveform.samples, take.samples[9 * 400 - 800 : stop])


@pytest.mark.parametrize(
    ("after", "before", "pause", "stop", "rest", "first"),
    [
        # Half of the pause comes from the end of the take, half from the beginning of the next, as far as they reach.
        (10, 10, 0.1, 31 * 400 + 800, 0.0, 9 * 400 - 800),
        (10, 10, 0.4, 31 * 400 + 3200, 0.0, 9 * 400 - 3200),
        (3, 10, 0.2, 33 * 400, 0.0, 9 * 400 - 2400),
        (10, 3, 0.4, 31 * 400 + 3200, 0.15, 0),
        (0, 1, 0.3, 30 * 400, 0.3, 0),
        (0, 0, 0.0, 30 * 400, 0.0, 0),
    ],
)
def test_a_pause_is_made_of_background_first(
    after: int, before: int, pause: float, stop: int, rest: float, first: int
) -> None:
    one, other = frames(10, 20, after), frames(before, 20, 10)
    left, right = cut([one, other], [Seconds(pause), Seconds(7.0)])
    np.testing.assert_array_equal(left.waveform.samples, one.samples[9 * 400 - 800 : stop])
    np.testing.assert_array_equal(right.waveform.samples, other.samples[first : (before + 21) * 400 + 800])
    assert left.pause == pytest.approx(rest, abs=1e-9)


def test_fades_are_a_raised_cosine_of_fifteen_milliseconds_or_half_of_what_there_is() -> None:
    for size, length in ((1_600, 240), (480, 240), (300, 150), (1, 0), (0, 0)):
        wave = Waveform(np.full(size, 0.5, dtype=np.float32), 16_000)
        expected = np.full(size, 0.5, dtype=np.float32)
        ramp = np.float32(0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length)))
        expected[:length] *= ramp
        expected[size - length :] *= ramp[::-1]  # type: ignore[index]
        np.testing.assert_array_equal(fade(wave).samples, expected)
        assert np.array_equal(wave.samples, np.full(size, 0.5, dtype=np.float32))


def test_pieces_stand_where_pauses_and_overlaps_put_them() -> None:
    pieces = [Piece(level(seconds), Seconds(pause)) for seconds, pause in ((0.1, 0.05), (0.005, 0.0), (0.1, 3.0))]
    one, short, last = (fade(piece.waveform).samples for piece in pieces)
    # A pause of 800 samples; then an overlap that is no longer than the short piece.
    expected = np.zeros(1_600 + 800 + 1_600, dtype=np.float32)
    expected[:1_600] = one
    expected[2_400:2_480] += short
    expected[2_400:] += last
    np.testing.assert_array_equal(join(pieces).samples, expected)


def test_a_sum_at_full_scale_stays_and_one_beyond_is_scaled_to_it() -> None:
    for value in (0.98, -0.98):
        assert np.array_equal(join([Piece(level(0.1, value), Seconds(0.0))]).samples, fade(level(0.1, value)).samples)
    scaled = join([Piece(level(0.1, -1.5), Seconds(0.0))]).samples
    np.testing.assert_allclose(scaled, fade(level(0.1, -1.5)).samples * (0.99 / 1.5), rtol=1e-6)
