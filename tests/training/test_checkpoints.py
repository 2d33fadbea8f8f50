"""Twin of ``training/checkpoints.py``."""

import shutil
from pathlib import Path

import pytest
import torch
from support.checkpoints import tiny_manifest

from amhctl.checkpoint.store import write_checkpoint
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.temporaries import name_beside
from amhctl.training.checkpoints import Checkpoints, reasons_to_keep, step_of


def save(steps: Checkpoints, *numbers: int) -> None:
    for number in numbers:
        manifest = tiny_manifest().model_copy(update={"kind": "training", "vocabulary": None, "text": None})
        write_checkpoint(steps.place(number), manifest=manifest, tensors={"a": torch.full((4,), float(number))})


def cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])


def test_checkpoints_are_found_by_step_however_many_digits_it_has(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path)
    for number in (900, 123_456_789_012, 1000):
        steps.place(number).mkdir(parents=True)
    for other in (".step-00001100-x1y2", "step-old", "notes"):
        (tmp_path / other).mkdir()
    assert [folder.name for folder in steps.saved()] == ["step-00000900", "step-00001000", "step-123456789012"]


def test_the_newest_sound_one_is_taken_and_both_are_named(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path / "checkpoints")
    save(steps, 4, 8, 12)
    cut(steps.place(12))
    (steps.place(8) / "manifest.json").write_text("{")
    sound = steps.newest_sound()
    assert sound.checkpoint.folder == steps.place(4)
    assert torch.equal(sound.checkpoint.tensors["a"], torch.full((4,), 4.0))
    assert [finding.code for finding in sound.findings] == ["R007", "R007"]
    assert [Path(finding.subject) for finding in sound.findings] == [steps.place(12), steps.place(8)]
    assert all(str(steps.place(4)) in finding.hint for finding in sound.findings)
    assert "model.safetensors" in sound.findings[0].message


def test_a_checkpoint_that_cannot_be_opened_is_passed_over_too(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path / "checkpoints")
    save(steps, 4)
    steps.place(8).mkdir()
    (steps.place(8) / "manifest.json").mkdir()
    assert steps.newest_sound().checkpoint.folder == steps.place(4)


def test_older_places_come_last(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path / "checkpoints")
    save(steps, 4)
    shutil.copytree(steps.place(4), tmp_path / "state")
    older = (tmp_path / "state", tmp_path / "none")
    assert steps.newest_sound(before=older).checkpoint.folder == steps.place(4)
    cut(steps.place(4))
    assert steps.newest_sound(before=older).checkpoint.folder == tmp_path / "state"


def test_where_none_is_sound_each_is_named(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path / "checkpoints")
    with pytest.raises(TrainingError, match="no checkpoint"):
        steps.newest_sound()
    save(steps, 4, 8)
    for folder in steps.saved():
        cut(folder)
    with pytest.raises(CheckpointError, match=r"step-00000008: .*step-00000004: ") as caught:
        steps.newest_sound()
    assert "--base" in caught.value.hint


def test_the_oldest_go_and_those_of_a_future_that_was_given_up(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path)
    for number in (1, 2, 3, 7):
        steps.place(number).mkdir()
    (tmp_path / ".step-00000003-x1y2").mkdir()
    name_beside(steps.place(3), "tmp").mkdir()
    steps.prune(2, newest=3)
    assert sorted(tmp_path.iterdir()) == [steps.place(2), steps.place(3)]


def test_the_best_is_never_among_those_that_go(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path)
    for number in range(1, 9):
        steps.place(number).mkdir()
        steps.prune(2, newest=number, best=3 if number >= 3 else 1)
        saved = [step_of(folder) for folder in steps.saved()]
        assert saved[-2:] == [max(1, number - 1), number][-len(saved) :]
        assert (3 if number >= 3 else 1) in saved
    assert [step_of(folder) for folder in steps.saved()] == [3, 7, 8]
    # A step that was never saved is too short for a context, and one of a future that was given up is not the best any
    # more.
    steps.prune(1, newest=7, best=5)
    assert [step_of(folder) for folder in steps.saved()] == [7]


def test_where_the_run_would_go_back_to_stays_even_in_the_future(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path)
    for number in (1, 2, 3, 4, 9):
        steps.place(number).mkdir()
    steps.prune(1, newest=4, best=2, retreat=9)
    assert [step_of(folder) for folder in steps.saved()] == [2, 4, 9]
    steps.prune(1, newest=4, retreat=2)
    assert [step_of(folder) for folder in steps.saved()] == [2, 4]


def test_each_that_stays_has_its_reasons() -> None:
    steps = [5, 10, 15, 20, 25, 30]
    assert reasons_to_keep(steps, newest=1) == {30: ("newest",)}
    assert reasons_to_keep(steps, newest=2, every=10, best=15, sound=25, retreat=5) == {
        5: ("needed for a rollback",),
        10: ("every 10",),
        15: ("best",),
        20: ("every 10",),
        25: ("newest", "newest undamaged"),
        30: ("newest", "every 10"),
    }
    assert reasons_to_keep([], newest=3, best=1, sound=2) == {}
    assert list(reasons_to_keep([3, 1, 2], newest=9)) == [1, 2, 3]


def test_all_of_them_can_be_removed_even_where_there_are_none(tmp_path: Path) -> None:
    steps = Checkpoints(tmp_path / "checkpoints")
    steps.clear()
    steps.place(1).mkdir(parents=True)
    steps.clear()
    assert list(tmp_path.iterdir()) == []
