"""Joining: lengths add up, fades complete each other, nothing exceeds full scale."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.units import Seconds
from amhctl.inference.stitching import Stitch, Stitcher, fade


def level(seconds: float, value: float = 0.5) -> Waveform:
    return Waveform(np.full(round(seconds * 16_000), value, dtype=np.float32), 16_000)


def stitched(takes: Sequence[Waveform], pauses: Sequence[float]) -> list[Stitch]:
    stitcher = Stitcher(16_000)
    return [
        stitcher.push(take, Seconds(pause), last=place == len(takes) - 1)
        for place, (take, pause) in enumerate(zip(takes, pauses, strict=True))
    ]


def whole(stitches: Sequence[Stitch]) -> np.ndarray:
    return np.concatenate([stitch.waveform.samples for stitch in stitches])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 0.3), st.floats(0.05, 0.4)), min_size=1, max_size=5))
def test_length_is_that_of_takes_and_pauses(parts: list[tuple[float, float]]) -> None:
    takes = [level(seconds) for seconds, _ in parts]
    stitches = stitched(takes, [pause for _, pause in parts])
    wanted = sum(take.samples.size for take in takes) + sum(round(pause * 16_000) for _, pause in parts[:-1])
    assert whole(stitches).size == wanted
    assert [stitch.seconds for stitch in stitches] == [take.duration for take in takes]
    starts = np.cumsum(
        [0.0, *(take.duration + round(pause * 16_000) / 16_000 for take, (_, pause) in zip(takes, parts, strict=True))]
    )
    np.testing.assert_allclose([stitch.start for stitch in stitches], starts[:-1], atol=1e-9)


def test_without_a_pause_a_steady_sound_stays_steady() -> None:
    joined = whole(stitched([level(0.2), level(0.2)], [0.0, 0.0]))
    assert joined.size == 6_400 - 240
    np.testing.assert_allclose(joined[300:-300], 0.5, atol=1e-6)


def test_what_was_given_out_does_not_depend_on_what_follows() -> None:
    takes, pauses = [level(0.2, value) for value in (0.5, 0.4, 0.3)], [0.0, 0.2, 0.0]
    first = [stitched([*takes[:2], other], pauses) for other in (level(0.1, 0.9), level(1.0, 0.1))]
    for one, other in zip(*(stitches[:2] for stitches in first), strict=True):
        np.testing.assert_array_equal(one.waveform.samples, other.waveform.samples)


@pytest.mark.parametrize("sizes", [(3_200, 7, 3_200), (5, 5, 5), (240, 1, 240), (1, 3_200, 1)])
def test_takes_shorter_than_a_cross_fade_are_joined_too(sizes: tuple[int, ...]) -> None:
    takes = [Waveform(np.full(size, 0.5, dtype=np.float32), 16_000) for size in sizes]
    joined = whole(stitched(takes, [0.0] * len(takes)))
    assert max(sizes) <= joined.size <= sum(sizes)
    assert np.isfinite(joined).all()


def test_ends_are_faded_and_the_middle_is_left() -> None:
    faded = fade(level(0.1)).samples
    assert abs(faded[0]) < 1e-3
    assert abs(faded[-1]) < 1e-3
    np.testing.assert_array_equal(faded[240:-240], 0.5)


def test_a_single_take_keeps_a_margin_of_its_background() -> None:
    speech = vowel_train(seconds=1.0)
    (stitch,) = stitched([between_silences(speech, before=0.4, after=0.6)], [0.3])
    assert stitch.waveform.duration == pytest.approx(1.1, abs=0.08)
    (complete,) = stitched([speech], [0.0])
    np.testing.assert_array_equal(complete.waveform.samples, fade(speech).samples)


def test_a_take_without_any_speech_stays_whole() -> None:
    silence = level(0.5, 0.0)
    for place, takes in ((0, [silence, level(0.5)]), (1, [level(0.5), silence])):
        assert stitched(takes, [0.0, 0.0])[place].seconds == silence.duration


@pytest.mark.parametrize(("before", "after"), [(0.6, 0.6), (0.6, 0.0), (0.0, 0.6), (0.0, 0.0), (0.1, 0.05)])
@pytest.mark.parametrize("pause", [0.0, 0.1, 0.45])
def test_what_lies_between_two_takes_is_the_pause(before: float, after: float, pause: float) -> None:
    speech = vowel_train(seconds=1.0)
    take = between_silences(speech, before=before, after=after)
    joined = whole(stitched([take, take], [pause, 9.0]))
    # Onsets and ends keep a margin of a frame or two each, which is not taken from the pause.
    assert joined.size / 16_000 - 2.0 - 2 * 0.05 == pytest.approx(pause, abs=0.15)


def test_another_rate_is_refused() -> None:
    with pytest.raises(SynthesisError, match="sample rates"):
        Stitcher(16_000).push(vowel_train(sample_rate=22_050), Seconds(0.0), last=True)


def faded(samples: np.ndarray) -> np.ndarray:
    return fade(Waveform(samples, 16_000)).samples


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
    (stitch,) = stitched([take], [7.0])
    np.testing.assert_array_equal(stitch.waveform.samples, faded(take.samples[first:stop]))


@pytest.mark.parametrize(("after", "stop"), [(0, 30 * 400 + 100), (1, 31 * 400 + 100), (2, 31 * 400), (5, 31 * 400)])
def test_a_rest_behind_the_last_whole_frame_is_margin_too(after: int, stop: int) -> None:
    take = Waveform(np.append(frames(10, 20, after).samples, np.full(100, 1e-3, dtype=np.float32)), 16_000)
    first, _ = stitched([take, take], [0.0, 0.0])
    # The last 15 ms are held back for a cross-fade.
    np.testing.assert_array_equal(first.waveform.samples, faded(take.samples[9 * 400 - 800 : stop])[:-240])


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
    joined = whole(stitched([one, other], [pause, 7.0]))
    left = faded(one.samples[9 * 400 - 800 : stop])
    right = faded(other.samples[first : (before + 21) * 400 + 800])
    place = left.size + (round(rest * 16_000) or -240)
    expected = np.zeros(place + right.size, dtype=np.float32)
    expected[: left.size] = left
    expected[place:] += right
    np.testing.assert_array_equal(joined, expected)


def test_fades_are_a_raised_cosine_of_fifteen_milliseconds_or_half_of_what_there_is() -> None:
    for size, length in ((1_600, 240), (480, 240), (300, 150), (1, 0), (0, 0)):
        wave = Waveform(np.full(size, 0.5, dtype=np.float32), 16_000)
        expected = np.full(size, 0.5, dtype=np.float32)
        ramp = np.float32(0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length)))
        expected[:length] *= ramp
        expected[size - length :] *= ramp[::-1]  # type: ignore[index]
        np.testing.assert_array_equal(fade(wave).samples, expected)
        assert np.array_equal(wave.samples, np.full(size, 0.5, dtype=np.float32))


def test_takes_stand_where_pauses_and_overlaps_put_them() -> None:
    takes, pauses = [level(0.1), level(0.005), level(0.1)], [0.05, 0.0, 3.0]
    one, short, last = (faded(take.samples) for take in takes)
    # A pause of 800 samples; then an overlap that is no longer than the short take.
    expected = np.zeros(1_600 + 800 + 1_600, dtype=np.float32)
    expected[:1_600] = one
    expected[2_400:2_480] += short
    expected[2_400:] += last
    np.testing.assert_array_equal(whole(stitched(takes, pauses)), expected)
