"""Boundaries that are really there, in any number of processes."""

from pathlib import Path

import numpy as np
import pytest

from amhctl.config.schema import AlignerConfig
from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training import aligner
from amhctl.training.aligner import AlignedSpeech, Spoken, align_speech

World = list[tuple[Spoken, np.ndarray, np.ndarray]]


def _world(utterances: int = 60) -> World:
    """Return utterances, their log-mel frames and the frames of their pieces."""
    random = np.random.default_rng(0)
    voices = random.normal(0, 2.0, (8, 24))
    made = []
    for index in range(utterances):
        pieces = random.permutation(len(voices))[:6]
        durations = random.integers(2, 8, size=6) * 2
        frames = np.repeat(voices[pieces], durations, axis=0)
        mel = (frames + random.normal(0, 0.3, frames.shape)).astype(np.float32)
        spoken = Spoken(str(index), tuple(int(piece) for piece in pieces), len(mel))
        made.append((spoken, mel, durations))
    return made


def _align(
    folder: Path, world: World, *, more: tuple[Spoken, ...] = (), workers: int = 0, **config: int
) -> AlignedSpeech:
    folder.mkdir(exist_ok=True)
    mels = {spoken.id: mel for spoken, mel, _ in world}
    return align_speech(
        [*(spoken for spoken, _, _ in world), *more],
        mels.__getitem__,
        text_tokens=9,
        config=AlignerConfig(coefficients=13, **config),
        folder=folder,
        progress=SilentProgress(),
        workers=workers,
    )


def _error(found: AlignedSpeech, world: World) -> float:
    errors = []
    for spoken, _, durations in world:
        given = found.durations[spoken.id].astype(int)
        assert given.sum() == spoken.frames
        errors.append(np.abs(np.cumsum(given) - np.cumsum(durations)).mean())
    return float(np.mean(errors))


def test_it_recovers_known_durations_and_leaves_the_impossible_out(tmp_path: Path) -> None:
    world = _world()
    found = _align(tmp_path, world, more=(Spoken("long", (1,) * 9, 4), Spoken("mute", (), 4)))
    assert found.left_out == ("long", "mute")
    assert found.explained > 0.5
    assert _error(found, world) < 0.5


def test_every_pass_counts(tmp_path: Path) -> None:
    world = _world()
    once = _align(tmp_path, world, passes=1, classifier_passes=0)
    often = _align(tmp_path, world, passes=10, classifier_passes=0)
    refined = _align(tmp_path, world, passes=1, classifier_passes=1)
    assert _error(often, world) < _error(once, world)
    assert _error(refined, world) < _error(once, world)


def test_batches_and_processes_do_not_change_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = _world(20)
    whole = _align(tmp_path, world, passes=3)
    monkeypatch.setattr(aligner, "_BATCH_CELLS", 1_000)
    for workers in (0, 2):
        found = _align(tmp_path, world, passes=3, workers=workers)
        assert found.durations.keys() == whole.durations.keys()
        assert all(np.array_equal(found.durations[id_], whole.durations[id_]) for id_ in whole.durations)
        assert found.explained == pytest.approx(whole.explained, abs=1e-9)


def test_nothing_to_align_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="fewer text pieces"):
        _align(tmp_path, [], more=(Spoken("a", (1, 2), 1),))


def test_a_piece_that_lasts_longer_than_a_duration_can_say_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = _world(20)
    spoken, mel, _ = world[0]
    long = Spoken("long", spoken.pieces[:1], 40)
    monkeypatch.setattr(aligner, "_LONGEST_PIECE", 39)
    found = _align(tmp_path, [*world, (long, np.repeat(mel[:1], 40, axis=0), np.array([40]))], passes=2)
    assert (found.too_long, found.left_out) == (("long",), ())
    assert set(found.durations) == {item.id for item, _, _ in world}
    assert all(held.dtype == np.uint16 for held in found.durations.values())
