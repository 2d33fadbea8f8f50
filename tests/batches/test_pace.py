"""Twin of ``batches/pace.py``: speeds against the speaker's own pace, whatever an utterance's length."""

import numpy as np
import pytest

from amhctl.batches.pace import measure_pace
from amhctl.core.units import FASTEST, SLOWEST

PIECES = (10, 20, 40, 80, 10, 20, 40, 80)
SPEAKERS = ("a",) * 4 + ("b",) * 4
EDGES = 12


def frames_at(speeds: tuple[float, ...]) -> list[float]:
    """Return frames of utterances with silence at their edges, which goes as fast as the rest."""
    return [(EDGES + 3 * pieces) / speed for pieces, speed in zip(PIECES, speeds, strict=True)]


def test_short_utterances_are_not_slow_because_of_the_silence_at_their_edges() -> None:
    speeds_N = measure_pace(PIECES, frames_at((1.0,) * 8), SPEAKERS, [True] * 8)  # type: ignore[arg-type]
    assert speeds_N.tolist() == pytest.approx([1.0] * 8)


def test_speeds_are_against_the_median_of_the_speaker() -> None:
    """One who always speaks fast is told 1 as well."""
    frames = frames_at((1.0, 1.0, 1.0, 1.25, 1.3, 1.3, 1.3, 1.3 * 0.8))
    speeds_N = measure_pace(PIECES, frames, SPEAKERS, [True] * 8)  # type: ignore[arg-type]
    own_N = speeds_N[:4] / speeds_N[0]
    assert np.log(speeds_N[:3]).tolist() == pytest.approx([0.0] * 3, abs=0.05)
    assert own_N[3] == pytest.approx(1.25, rel=0.05)
    assert speeds_N[7] / speeds_N[4] == pytest.approx(0.8, rel=0.1)
    assert np.median(np.log(speeds_N[4:])) == pytest.approx(0.0, abs=1e-12)


def test_copies_have_a_speed_and_no_say_in_what_is_usual() -> None:
    frames = frames_at((1.0,) * 8)
    varied = [*frames, frames[3] / 1.2, frames[3] / 1.2, frames[3] / 1.2, frames[3] / 1.2, frames[3] / 1.2]
    original = [True] * 8 + [False] * 5
    speeds_N = measure_pace((*PIECES, *(80,) * 5), varied, (*SPEAKERS, *("a",) * 5), original)  # type: ignore[arg-type]
    assert speeds_N[:8].tolist() == pytest.approx([1.0] * 8)
    assert speeds_N[8:].tolist() == pytest.approx([1.2] * 5)
    # Where the original is not there, copies are measured against each other.
    alone_N = measure_pace((80, 80, 80), (200, 100, 200), ("c",) * 3, [False] * 3)
    assert alone_N.tolist() == pytest.approx([1.0, 2.0, 1.0])


def test_speeds_are_those_that_may_be_asked_for() -> None:
    speeds_N = measure_pace((40,) * 5, (100, 100, 100, 10, 1000), ("a",) * 5, [True] * 5)
    assert speeds_N.tolist() == pytest.approx([1.0, 1.0, 1.0, FASTEST, SLOWEST])


def test_a_line_that_falls_says_nothing_of_edges() -> None:
    """Long texts in few frames: the plain rate is taken."""
    speeds_N = measure_pace((10, 20), (40, 20), ("a", "a"), [True, True])
    assert speeds_N[1] / speeds_N[0] == pytest.approx(4.0)
