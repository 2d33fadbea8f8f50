"""Twin of ``training/forgetting.py``, and of what the loop makes of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.config.finetuning import ForgettingConfig
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.finetune import Base
from amhctl.training.forgetting import Memory, ProbedUtterances, find_forgetting, judge_memory
from amhctl.training.run import Run

CONFIG = ForgettingConfig(worsening=0.05)


@pytest.mark.parametrize(
    ("now", "told"), [(1.0, False), (1.25, False), (1.26, True), (0.2, False), (float("nan"), False)]
)
def test_only_what_is_worse_by_more_than_the_threshold_is_told(now: float, told: bool) -> None:
    config = ForgettingConfig(worsening=0.25)
    assert bool(judge_memory(Memory(1.0, now), config)) == told
    found = find_forgetting(Memory(1.0, now), config, "run")
    assert [each.code for each in found] == ["R013"] * told


def test_what_is_told_names_both_losses_and_the_way_out() -> None:
    (found,) = find_forgetting(Memory(1.0, 1.5), CONFIG, "run")
    assert "from 1.0000 to 1.5000, by 0.5000, more than 0.05" in found.message
    assert "training.replay_share" in found.hint
    assert find_forgetting(None, CONFIG, "run") == ()


def test_probed_utterances_lie_evenly_and_are_the_same_each_time(tmp_path: Path) -> None:
    dataset = build_run(tmp_path, aligned=False).train
    probe = ProbedUtterances(dataset, 4)
    assert [entry.id for entry in probe.entries] == [dataset.entries[place].id for place in (0, 2, 5, 8)]
    assert probe.lengths == tuple(dataset.lengths[place] for place in (0, 2, 5, 8))
    assert probe.text_lengths == tuple(dataset.text_lengths[place] for place in (0, 2, 5, 8))
    assert probe.item(3, 0).id == dataset.entries[8].id
    assert len(ProbedUtterances(dataset, 1_000)) == len(dataset)


def probing(folder: Path, action: str, worsening: float = 0.0, **training: Any) -> Run:
    forgetting = {"worsening": worsening, "action": action}
    run = build_run(
        folder, aligned=False, base=Base("base", None), forgetting=forgetting, valid_every=2, ema_decay=0.0, **training
    )
    return replace(run, probe=ProbedUtterances(run.valid, 2))


def test_a_run_that_forgets_says_so_and_goes_on(tmp_path: Path) -> None:
    """At a rate of one a step, any voice forgets."""
    outcome = train(probing(tmp_path, "warn", learning_rate=1.0), SilentProgress(), device="cpu", resume=False)
    assert outcome.state.step == 8
    assert "R013" in {each.code for each in outcome.findings}
    measured = [entry for entry in read_measured(tmp_path) if entry["kind"] == "valid"]
    assert [entry["step"] for entry in measured] == [2, 4, 6, 8]
    assert outcome.state.probe == measured[-1]["probe"]
    assert outcome.state.base_probe is not None
    assert outcome.state.base_probe < measured[-1]["probe"]  # type: ignore[operator]


def test_a_run_that_must_not_forget_ends_saved_and_keeps_no_such_voice(tmp_path: Path) -> None:
    outcome = train(probing(tmp_path, "stop", learning_rate=1.0), SilentProgress(), device="cpu", resume=False)
    assert outcome.stopped_early
    assert outcome.state.step == 2
    assert (tmp_path / "checkpoints/step-00000002").is_dir()
    assert outcome.state.best is None
    assert not (tmp_path / "best").exists()


def test_a_run_that_forgets_nothing_is_left_alone(tmp_path: Path) -> None:
    run = probing(tmp_path, "stop", worsening=0.01, learning_rate=1e-9)
    outcome = train(run, SilentProgress(), device="cpu", resume=False)
    assert outcome.state.step == 8
    assert outcome.state.best is not None
    assert "R013" not in {each.code for each in outcome.findings}
    assert outcome.state.base_probe == pytest.approx(outcome.state.probe, abs=1e-4)
