"""Twin of ``workflows/former_data.py``: runs that replay speech of their base's language, and watch it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.training_world import TrainingWorld, build_training_world, read_measured, request_training

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.core.progress import SilentProgress
from amhctl.workflows import train
from amhctl.workflows.train import TrainReport, TrainRequest


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_training_world(tmp_path_factory.mktemp("former"), seed=7).store


@pytest.fixture(scope="module")
def base(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "base"
    train.run(request_training(world, folder, "training.steps=2"), SilentProgress())
    return folder / "best"


def tune(world: TrainingWorld, base: Path | None, folder: Path, *sets: str) -> TrainReport:
    return train.run(replace(request_training(world, folder, *sets), base=base), SilentProgress())


def test_a_run_that_replays_and_probes_goes_on_bit_by_bit(
    world: TrainingWorld, former: Path, base: Path, tmp_path: Path
) -> None:
    sets = (f"paths.replay={former}", f"paths.probe={former}", "training.replay_share=0.3")
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    tune(world, base, whole, *sets)
    shutil.copytree(whole, resumed)
    shutil.rmtree(resumed / "checkpoints/step-00000008")
    train.run(TrainRequest(resume=resumed, device="cpu"), SilentProgress())
    assert read_measured(resumed) == read_measured(whole)
    assert all("probe" in entry for entry in read_measured(whole) if entry["kind"] == "valid")
    plain = tmp_path / "plain"
    tune(world, base, plain)
    ours, theirs = (read_checkpoint(folder / "best", kind="voice").manifest for folder in (whole, plain))
    assert ours.data_fingerprint != theirs.data_fingerprint
    assert read_measured(whole)[0]["loss"] != read_measured(plain)[0]["loss"]
    # Another store is another run.
    other = build_training_world(tmp_path / "other", seed=8).store
    shutil.rmtree(resumed / "checkpoints/step-00000008")
    text = (resumed / "config.json").read_text().replace(str(former), str(other))
    (resumed / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match="data_fingerprint"):
        train.run(TrainRequest(resume=resumed, device="cpu"), SilentProgress())


@pytest.mark.parametrize(
    ("with_base", "sets", "words"),
    [
        (True, ("training.replay_share=0.3",), "set together"),
        (True, ("paths.replay=STORE",), "set together"),
        (False, ("paths.probe=STORE",), "need a base"),
    ],
)
def test_what_would_change_nothing_or_has_no_base_is_refused(
    world: TrainingWorld, former: Path, base: Path, tmp_path: Path, with_base: bool, sets: tuple[str, ...], words: str
) -> None:
    chosen = (each.replace("STORE", str(former)) for each in sets)
    with pytest.raises(ConfigError, match=words):
        tune(world, base if with_base else None, tmp_path / "run", *chosen)


def test_a_run_that_ends_because_it_forgets_says_so_and_names_no_voice(
    world: TrainingWorld, former: Path, base: Path, tmp_path: Path
) -> None:
    sets = (
        f"paths.probe={former}",
        "training.forgetting={action = 'stop', worsening = 0.0}",
        "training.learning_rate=1.0",
        "training.valid_every=2",
        "training.ema_decay=0.0",
    )
    report = tune(world, base, tmp_path / "run", *sets)
    assert report.payload()["steps"] == 2
    assert (report.payload()["best"], report.payload()["checkpoint"]) == (None, None)
    assert [*report.lines()] == ["2 steps, stopped early: the loss on the base's language rose too far"]
    assert "R013" in {finding.code for finding in report.findings}
