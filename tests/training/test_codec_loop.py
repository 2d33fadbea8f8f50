"""Codec training: it learns, it resumes bit for bit, it refuses another run's state."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from support.codec_runs import QUICK, tones
from support.codecs import TINY_CODEC

from amhctl.codec.registry import load_codec
from amhctl.config.mel_codec import CodecTrainingConfig
from amhctl.core.errors import ShortageError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.codec_loop import CodecRun, train_codec
from amhctl.training.codec_recipe import CodecScores, StepResult
from amhctl.training.codec_state import CodecState
from amhctl.training.mel_recipe import MelRecipe

CONFIG = QUICK.model_copy(update={"unquantised_steps": 4})


def _train(
    folder: Path, *, resume: bool = False, config: CodecTrainingConfig = CONFIG, progress: SilentProgress | None = None
) -> CodecRun[CodecScores]:
    recipe = MelRecipe(TINY_CODEC, config, tones(), seed=1)
    return train_codec(recipe, tones(), name="t", folder=folder, resume=resume, progress=progress or SilentProgress())


def _journal(folder: Path) -> dict[int, dict[str, object]]:
    rows = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return {row["step"]: row for row in rows}


class _Interrupt(SilentProgress):
    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


class _Told(SilentProgress):
    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.done = 0

    def start(self, title: str, total: int | None, unit: str) -> None:
        self.totals.append(total)
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.done += amount


def test_progress_counts_the_steps_that_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "a" / "new" / "project"
    config = CONFIG.model_copy(update={"steps": 8})
    with pytest.raises(KeyboardInterrupt):
        _train(folder, config=config, progress=_Interrupt(5))
    told = _Told()
    _train(folder, config=config, progress=told, resume=True)
    done = int(config.save_every) * (5 // config.save_every)
    assert told.totals[-1] == told.done == config.steps - done


ADVERSARIAL = CONFIG.model_copy(update={"adversarial_steps": 6, "discriminator_width": 2})


@pytest.mark.parametrize("config", [CONFIG, ADVERSARIAL], ids=["plain", "adversarial"])
@pytest.mark.parametrize("after", [7, 10])
def test_an_interrupted_run_continues_as_if_it_had_not_been(
    tmp_path: Path, config: CodecTrainingConfig, after: int
) -> None:
    whole_run = _train(tmp_path / "whole", config=config)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "cut", progress=_Interrupt(after), config=config)
    cut_run = _train(tmp_path / "cut", resume=True, config=config)
    assert _journal(tmp_path / "cut") == _journal(tmp_path / "whole")
    assert (cut_run.scores, cut_run.best_step, cut_run.collapsed) == (
        whole_run.scores,
        whole_run.best_step,
        whole_run.collapsed,
    )
    for name in ("codec", "checkpoints/step-00000012"):
        one, other = tmp_path / "whole" / name, tmp_path / "cut" / name
        assert {file.name for file in one.iterdir()} == {file.name for file in other.iterdir()}
        assert all(file.read_bytes() == (other / file.name).read_bytes() for file in one.iterdir())
    load_codec(str(tmp_path / "cut" / "codec"))


def test_the_best_of_the_last_stage_is_kept(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"steps": 16, "valid_every": 1, "learning_rate": 0.02})
    run = _train(tmp_path, config=config)
    rows = {step: row for step, row in _journal(tmp_path).items() if "valid_mel" in row}
    assert sorted(rows) == list(range(5, 17))
    best = min(rows, key=lambda step: float(str(rows[step]["valid_mel"])))
    assert run.best_step == best
    assert [step for step in rows if rows[step]["best"]][-1] == best
    assert run.scores.mel_distance == pytest.approx(float(str(rows[best]["valid_mel"])), rel=0.02)


def test_a_stage_against_discriminators_seeks_its_own_best(tmp_path: Path) -> None:
    config = ADVERSARIAL.model_copy(update={"valid_every": 1, "adversarial_weight": 50.0, "learning_rate": 0.02})
    run = _train(tmp_path, config=config)
    rows = _journal(tmp_path)
    assert [step for step, row in rows.items() if "discriminator" in row] == list(range(7, 13))
    assert rows[7]["best"] is True
    assert run.best_step >= 7


class _Dull(MelRecipe):
    """A codec whose every training vector meets the first code."""

    def advance(self, step: int) -> StepResult:
        result = super().advance(step)
        codes = result.codes_BSQ
        return StepResult(result.values, None if codes is None else torch.zeros_like(codes))


def test_a_collapsed_codebook_is_told_at_once_and_at_the_end(tmp_path: Path) -> None:
    said: list[str] = []

    class Listening(SilentProgress):
        def say(self, message: str) -> None:
            said.append(message)

    config = CONFIG.model_copy(update={"batch_size": 8})
    recipe = _Dull(TINY_CODEC, config, tones(), seed=1)
    run = train_codec(recipe, tones(), name="t", folder=tmp_path, resume=False, progress=Listening())
    assert [item.codebook for item in run.collapsed] == [1, 2]
    assert all(item.share < 0.2 for item in run.collapsed)
    warning = next(line for line in said if line.startswith("warning"))
    assert "codebook 1 has collapsed" in warning
    assert "of its codes in use" in warning
    (row,) = [row for row in _journal(tmp_path).values() if row["step"] == 12]
    assert row["collapsed"] == [{"codebook": item.codebook, "share": item.share} for item in run.collapsed]


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"steps": 60, "unquantised_steps": 60, "save_every": 60})
    _train(tmp_path, config=config)
    rows = _journal(tmp_path)
    first = np.mean([float(str(rows[step]["mel"])) for step in range(1, 6)])
    last = np.mean([float(str(rows[step]["mel"])) for step in range(56, 61)])
    assert last < 0.8 * first


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    _train(tmp_path)
    with pytest.raises(TrainingError, match="another configuration"):
        _train(tmp_path, resume=True, config=CONFIG.model_copy(update={"learning_rate": 1e-5}))


def test_a_full_disk_says_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = CodecState.save

    def full(self: CodecState[CodecScores]) -> None:
        if self.step > 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(self)

    monkeypatch.setattr(CodecState, "save", full)
    with pytest.raises(ShortageError, match="disk is full; step-00000006 is saved") as caught:
        _train(tmp_path)
    assert "--resume" in caught.value.hint
    monkeypatch.undo()
    assert _train(tmp_path, resume=True).steps == 12


def test_damage_is_told_and_the_run_ends_as_it_would_have(tmp_path: Path) -> None:
    whole = _train(tmp_path / "whole")
    run = _train(tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "step-00000012" / "manifest.json").write_text("{")
    lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    (tmp_path / "run" / "journal.jsonl").write_text("\n".join([*lines[:2], "half a", *lines[2:]]) + "\n")
    again = _train(tmp_path / "run", resume=True)
    assert [finding.code for finding in again.findings] == ["R007", "R008"]
    assert run.findings == ()
    assert _journal(tmp_path / "run") == _journal(tmp_path / "whole")
    assert (again.scores, again.best_step) == (whole.scores, whole.best_step)
