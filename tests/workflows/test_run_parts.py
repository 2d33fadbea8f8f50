import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.training_world import (
    EMOTION_SETS,
    TINY_SETS,
    TrainingWorld,
    build_training_world,
    read_measured,
    request_training,
)

from amhctl.checkpoint.manifest import Licence
from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import (
    ConfigError,
)
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.workflows import run_parts
from amhctl.workflows.provenance import Provenance
from amhctl.workflows.train import TrainReport, TrainRequest, run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"), aligned=True)


@pytest.fixture(scope="module")
def finished(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainReport]:
    folder = tmp_path_factory.mktemp("runs") / "voice"
    return folder, run(request_training(world, folder, aligned=True), SilentProgress())


def test_fine_tuning_starts_from_the_base(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path
) -> None:
    base = finished[0] / "best"
    sets = (*(entry for entry in TINY_SETS if entry.startswith("training.")), "training.learning_rate=1e-9")
    request = TrainRequest(preset="tiny", data=world.store, base=base, run=tmp_path / "tuned", sets=sets, device="cpu")
    report = run(request, SilentProgress())
    tuned = read_checkpoint(tmp_path / "tuned" / "best", kind="voice")
    assert tuned.manifest.parent == sha256_of_file(base / "model.safetensors")
    assert report.best is not None
    assert finished[1].best is not None
    assert report.best.loss == pytest.approx(finished[1].best.loss, abs=1e-4)


def test_speakers_are_balanced_and_set_apart_and_the_run_goes_on_bit_by_bit(tmp_path: Path) -> None:
    world = build_training_world(tmp_path / "world", speakers=3)
    stages = (
        '[{name="base", until=3}, {name="apart", until=6, speaker_adversary=0.5}, {name="fine", freeze=["emotion"]}]'
    )
    sets = (*EMOTION_SETS, f"training.stages={stages}", "training.speaker_balance=1.0")
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    run(request_training(world, whole, *sets), SilentProgress())
    assert (whole / "checkpoints/step-00000008/speaker_classifier.safetensors").is_file()
    shutil.copytree(whole, resumed)
    shutil.rmtree(resumed / "checkpoints/step-00000008")
    run(TrainRequest(resume=resumed, device="cpu"), SilentProgress())
    assert read_measured(resumed) == read_measured(whole)
    told = [entry["why"] for entry in read_measured(whole) if entry.get("event") == "stage"]
    assert [why.split()[1] for why in map(str, told)] == ["base", "apart", "fine"]
    alone = build_training_world(tmp_path / "alone")
    with pytest.raises(ConfigError, match="one speaker"):
        run(request_training(alone, tmp_path / "run", *sets[:-1]), SilentProgress())


def test_works_that_forbid_commercial_use_are_refused_where_it_is_asked_for(
    world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidding = Provenance((Licence(work="a corpus", licence="CC-BY-NC-4.0"),), ())
    monkeypatch.setattr(run_parts, "gather_provenance", lambda *_: forbidding)
    request = request_training(world, tmp_path / "run", "licence.commercial=true", aligned=True)
    with pytest.raises(ConfigError, match=r"forbid it: a corpus \(CC-BY-NC-4\.0\)"):
        run(request, SilentProgress())
    monkeypatch.undo()
    assert run(replace(request, dry_run=True), SilentProgress()).ok
