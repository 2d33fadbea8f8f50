"""The aligner's search against brute force, and boundaries that are really there."""

from itertools import combinations

import numpy as np
import pytest

from amhctl.config.schema import AlignerConfig
from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.aligner import Spoken, align_speech, monotonic_path


def _all_paths(frames: int, pieces: int) -> list[np.ndarray]:
    cuts = combinations(range(1, frames), pieces - 1)
    return [np.repeat(np.arange(pieces), np.diff([0, *cut, frames])) for cut in cuts]


@pytest.mark.parametrize(("frames", "pieces"), [(1, 1), (5, 1), (5, 5), (6, 3), (8, 4)])
def test_the_path_is_the_best_of_all_paths(frames: int, pieces: int) -> None:
    scores = np.random.default_rng(frames * 10 + pieces).normal(size=(frames, pieces))
    best = max(_all_paths(frames, pieces), key=lambda path: scores[np.arange(frames), path].sum())
    assert np.array_equal(monotonic_path(scores), best)


def test_more_pieces_than_frames_are_refused() -> None:
    with pytest.raises(TrainingError):
        monotonic_path(np.zeros((2, 3)))


def _speech(id_: str, random: np.random.Generator, voices: np.ndarray) -> tuple[Spoken, np.ndarray]:
    pieces = random.permutation(len(voices))[:6]
    durations = random.integers(2, 8, size=6) * 2
    frames = np.repeat(voices[pieces], durations, axis=0)
    mel = (frames + random.normal(0, 0.3, frames.shape)).astype(np.float32)
    return Spoken(id_, tuple(int(piece) for piece in pieces), mel, int(durations.sum()) // 2), durations // 2


def test_it_recovers_known_durations_and_leaves_the_impossible_out() -> None:
    random = np.random.default_rng(0)
    voices = random.normal(0, 2.0, (8, 24))
    made = [_speech(str(index), random, voices) for index in range(60)]
    impossible = Spoken("long", tuple([1] * 9), np.zeros((4, 24), np.float32), 2)
    found = align_speech(
        [*(spoken for spoken, _ in made), impossible],
        text_tokens=9,
        config=AlignerConfig(coefficients=13),
        progress=SilentProgress(),
    )
    assert found.left_out == ("long",)
    assert found.explained > 0.5
    errors = []
    for spoken, durations in made:
        given = found.durations[spoken.id].astype(int)
        assert given.sum() == spoken.code_frames
        errors.append(np.abs(np.cumsum(given) - np.cumsum(durations)).mean())
    assert np.mean(errors) < 0.25


def test_nothing_to_align_is_an_error() -> None:
    with pytest.raises(TrainingError, match="fewer text pieces"):
        align_speech(
            [Spoken("a", (1, 2), np.zeros((1, 24), np.float32), 1)],
            text_tokens=3,
            config=AlignerConfig(),
            progress=SilentProgress(),
        )
