"""Twin of ``workflows/train.py``: runs of a tiny voice from end to end."""

import gc
import json
import os
import shutil
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from support.training_world import (
    TINY_SETS,
    TrainingWorld,
    build_training_world,
    read_measured,
    request_training,
)

from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint
from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.core.errors import (
    AmhctlError,
    CheckpointError,
    ConfigError,
    DatasetError,
    FileExistsRefused,
    InUseError,
    OptionError,
    ShortageError,
    TrainingError,
)
from amhctl.core.files import sha256_of_file
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import voice_path
from amhctl.training import dry_run
from amhctl.training.run import Said
from amhctl.workflows import train as train_module
from amhctl.workflows.say_samples import SampleSentences
from amhctl.workflows.train import TrainReport, TrainRequest, _local_shard, run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"), aligned=True)


@pytest.fixture(scope="module")
def finished(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainReport]:
    folder = tmp_path_factory.mktemp("runs") / "voice"
    return folder, run(request_training(world, folder, aligned=True), SilentProgress())


def without_checkpoints_after(run_folder: Path, step: int) -> None:
    for folder in (run_folder / "checkpoints").iterdir():
        if int(folder.name.removeprefix("step-")) > step:
            shutil.rmtree(folder)


def test_the_best_voice_is_complete(finished: tuple[Path, TrainReport], world: TrainingWorld) -> None:
    folder, report = finished
    voice = read_checkpoint(folder / "best", kind="voice")
    assert report.ok
    assert report.payload()["steps"] == 8
    assert report.payload()["checkpoint"] == str(folder / "best")
    assert report.best is not None
    assert voice.manifest.metrics["valid_code_loss"] == report.best.loss
    assert voice.manifest.vocabulary is not None
    assert voice.manifest.text is not None
    assert voice.read_bytes(voice.manifest.vocabulary.file)
    assert json.loads(voice.read_text(voice.manifest.text.file))
    assert voice.read_tensors("reference.safetensors")["features"].shape[1] == 16
    assert voice.manifest.config["number_text_tokens"] == voice.manifest.vocabulary.size
    assert voice.manifest.config["codebooks"] == 2
    assert [licence.licence for licence in voice.manifest.licences] == ["CC0-1.0"]
    assert "best voice" in " ".join(report.lines())


def test_the_run_says_where_its_values_come_from(finished: tuple[Path, TrainReport]) -> None:
    saved = json.loads((finished[0] / "config.json").read_text())
    assert saved["config"]["training"]["steps"] == 8
    assert "training.steps" in saved["sources"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_equals_an_uninterrupted_one(world: TrainingWorld, tmp_path: Path, precision: str) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    sets = (f"training.precision={precision}", "training.accumulation=2", "model.dropout=0.2")
    run(request_training(world, whole, *sets, aligned=True), SilentProgress())
    shutil.copytree(whole, resumed)
    without_checkpoints_after(resumed, 4)
    run(TrainRequest(resume=resumed, device="cpu"), SilentProgress())
    assert read_measured(resumed) == read_measured(whole)
    for file in ("model.safetensors", "average.safetensors", "optimizer.safetensors"):
        last = Path("checkpoints") / "step-00000008"
        a, b = (read_checkpoint(folder / last, kind="training").read_tensors(file) for folder in (whole, resumed))
        assert {name: tensor.tolist() for name, tensor in a.items()} == {n: t.tolist() for n, t in b.items()}


def test_samples_change_no_step(
    world: TrainingWorld, finished: tuple[Path, TrainReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[Path, int]] = []

    def say(samples: SampleSentences, best: Path, step: int) -> Said:
        torch.randn(3)
        said.append((best, step))
        assert read_checkpoint(best, kind="voice").manifest.training["step"] == step
        assert len(samples.sentences) == 2
        return Said("said", None)

    monkeypatch.setattr(SampleSentences, "__call__", say)
    run(request_training(world, tmp_path / "voice", "training.samples=2", aligned=True), SilentProgress())
    assert read_measured(tmp_path / "voice") == read_measured(finished[0])
    journal = [entry for entry in read_measured(tmp_path / "voice") if entry["kind"] == "valid"]
    assert 0 < len(said) <= len(journal)
    assert {best for best, _ in said} == {tmp_path / "voice" / "best"}
    ours, theirs = (
        read_checkpoint(folder / "checkpoints" / "step-00000008", kind="training").tensors
        for folder in (tmp_path / "voice", finished[0])
    )
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_a_run_can_be_made_longer_and_its_rate_does_not_jump(
    finished: tuple[Path, TrainReport], tmp_path: Path
) -> None:
    folder = shutil.copytree(finished[0], tmp_path / "longer")
    without_checkpoints_after(folder, 4)
    report = run(TrainRequest(resume=folder, sets=("training.steps=10",), device="cpu"), SilentProgress())
    assert report.steps == 10
    ours, theirs = (
        [entry for entry in read_measured(root) if entry["kind"] == "step"] for root in (folder, finished[0])
    )
    assert [entry["step"] for entry in ours] == list(range(1, 11))
    assert ours[:8] == theirs
    assert [entry["rate"] for entry in ours[8:]] == [theirs[-1]["rate"]] * 2
    saved = json.loads((folder / "config.json").read_text())
    assert (saved["config"]["training"]["steps"], saved["config"]["training"]["decay_steps"]) == (10, 8)
    # Made longer once more, it keeps the same end of its curve.
    run(TrainRequest(resume=folder, sets=("training.steps=11",), device="cpu"), SilentProgress())
    assert json.loads((folder / "config.json").read_text())["config"]["training"]["decay_steps"] == 8


def test_fewer_steps_than_done_are_refused(finished: tuple[Path, TrainReport]) -> None:
    with pytest.raises(TrainingError, match=r"has done 8 steps, more than training\.steps, 7"):
        run(TrainRequest(resume=finished[0], sets=("training.steps=7",), device="cpu"), SilentProgress())


def test_a_store_aligned_anew_is_refused_until_its_durations_are_back(
    world: TrainingWorld, finished: tuple[Path, TrainReport], tmp_path: Path
) -> None:
    store = CodeStore.open(shutil.copytree(world.store, tmp_path / "store"))
    alignment = store.alignment()
    assert alignment is not None
    durations = {id_: alignment.durations(id_) for id_ in alignment.ids}
    of = {"vocabulary_fingerprint": alignment.vocabulary_fingerprint, "text_hash": alignment.text_hash}
    folder = shutil.copytree(finished[0], tmp_path / "run")
    request = TrainRequest(resume=folder, data=store.path, sets=("training.steps=9",), device="cpu")
    moved = {id_: frames[::-1].copy() for id_, frames in durations.items()}
    store.write_alignment(moved, **of)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="other settings: alignment") as caught:
        run(request, SilentProgress())
    assert "--base RUN/best" in caught.value.hint
    store.write_alignment(dict(reversed(durations.items())), **of)  # type: ignore[arg-type]
    assert run(request, SilentProgress()).steps == 9


def test_a_run_that_goes_on_is_rehearsed_as_it_stands(finished: tuple[Path, TrainReport]) -> None:
    request = TrainRequest(resume=finished[0], sets=("training.steps=12",), dry_run=True, device="cpu")
    report = run(request, SilentProgress())
    assert report.dry_run is not None
    assert report.dry_run.run_seconds == report.dry_run.step_seconds * 4
    with pytest.raises(TrainingError, match="no step for a dry run"):
        run(replace(request, sets=()), SilentProgress())


@pytest.mark.parametrize("change", [{}, {"force": True}, {"resume": True}])
def test_a_run_that_another_process_trains_is_refused(
    world: TrainingWorld, finished: tuple[Path, TrainReport], tmp_path: Path, change: dict[str, bool]
) -> None:
    folder = tmp_path / "run"
    request = request_training(world, folder, aligned=True, force="force" in change)
    if "resume" in change:
        shutil.copytree(finished[0], folder)
        request = TrainRequest(resume=folder, sets=("training.steps=9",), device="cpu")
    with (
        hold(folder / LOCK_FILE, what="the run"),
        pytest.raises(InUseError, match=f"the run is in use: process {os.getpid()} on "),
    ):
        run(request, SilentProgress())
    # Nothing was touched, and the folder that only a lock had made is no run.
    assert run(request, SilentProgress()).steps == (9 if "resume" in change else 8)
    assert not (folder / LOCK_FILE).exists()


def test_another_process_of_the_same_run_holds_nothing(
    world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "leads", lambda: False)
    with hold(tmp_path / "run" / LOCK_FILE, what="the run"):
        assert run(request_training(world, tmp_path / "run", aligned=True), SilentProgress()).steps == 8


def test_a_launcher_that_would_change_the_training_is_refused_before_any_work(
    world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "2")
    with pytest.raises(TrainingError, match="ACCELERATE_GRADIENT_ACCUMULATION_STEPS=2"):
        run(request_training(world, tmp_path / "run", aligned=True), SilentProgress())
    assert not (tmp_path / "run").exists()


def test_weights_that_were_read_are_not_kept(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A voice to start from lies in memory once while it is trained, not beside its own file's content."""
    held: list[weakref.ref[torch.Tensor]] = []
    read = train_module.read_voice  # type: ignore[attr-defined]

    def watched(folder: Path) -> LoadedCheckpoint:
        loaded = read(folder)
        held.extend(weakref.ref(tensor) for tensor in loaded.tensors.values())
        return loaded

    def at_work(*_: object, **__: object) -> object:
        gc.collect()
        assert held
        assert [reference for reference in held if reference() is not None] == []
        raise InterruptedError

    monkeypatch.setattr(train_module, "read_voice", watched)
    monkeypatch.setattr(train_module, "train", at_work)
    sets = tuple(entry for entry in TINY_SETS if entry.startswith("training."))
    request = TrainRequest(
        preset="tiny", data=world.store, base=finished[0] / "best", run=tmp_path / "tuned", sets=sets, device="cpu"
    )
    with pytest.raises(InterruptedError):
        run(request, SilentProgress())


def test_a_resumed_run_keeps_its_other_values(finished: tuple[Path, TrainReport], tmp_path: Path) -> None:
    for request in (
        TrainRequest(resume=finished[0], sets=("training.learning_rate=1.0",)),
        TrainRequest(resume=finished[0], preset="cpu"),
        TrainRequest(resume=finished[0], seed=3),
        TrainRequest(resume=finished[0], force=True),
        TrainRequest(resume=finished[0], project=tmp_path),
        TrainRequest(resume=tmp_path / "nowhere"),
    ):
        with pytest.raises((ConfigError, OptionError)):
            run(request, SilentProgress())


def test_resuming_with_other_data_is_refused(finished: tuple[Path, TrainReport], tmp_path: Path) -> None:
    other = build_training_world(tmp_path, aligned=True, seed=5)
    request = TrainRequest(resume=finished[0], data=other.store, sets=("training.steps=9",), device="cpu")
    with pytest.raises(CheckpointError, match="data_fingerprint"):
        run(request, SilentProgress())


@pytest.mark.parametrize("name", ["codes-1-of-1.bin", "features-1-of-1.bin"])
def test_nothing_is_learnt_from_damaged_codes(tmp_path: Path, name: str) -> None:
    world = build_training_world(tmp_path, aligned=True)
    run(request_training(world, tmp_path / "run", "training.steps=2", aligned=True), SilentProgress())
    file = world.store / name
    content = np.frombuffer(file.read_bytes(), dtype=np.uint16)
    # Every value is one that the codec could have given.
    file.write_bytes(np.random.default_rng(0).integers(0, 16, content.size, dtype=np.uint16).tobytes())
    again = TrainRequest(resume=tmp_path / "run", sets=("training.steps=4",), device="cpu")
    for request in (request_training(world, tmp_path / "new", aligned=True), again):
        with pytest.raises(DatasetError, match="14 of 14 utterances are damaged"):
            run(request, SilentProgress())
    assert not (tmp_path / "new").exists()
    file.write_bytes(content.tobytes()[:-1])
    with pytest.raises(DatasetError, match="data of clip13"):
        run(request_training(world, tmp_path / "new", aligned=True), SilentProgress())


def test_processes_of_a_machine_compare_a_shard_each(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert _local_shard() == Shard(1, 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert _local_shard() == Shard(3, 4)


def test_the_voice_keeps_the_level_of_its_store_and_refuses_another(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path
) -> None:
    base = finished[0] / "best"
    assert read_checkpoint(base, kind="voice").manifest.level == CodeStore.open(world.store).level == -20.0
    store = Path(shutil.copytree(world.store, tmp_path / "store"))
    document = json.loads((store / "store.json").read_text())
    for level, kind, hint in ((-26.0, CheckpointError, "--level -20"), (None, DatasetError, "codes extract")):
        (store / "store.json").write_text(json.dumps(document | {"level": level}))
        request = TrainRequest(preset="tiny", data=store, base=base, run=tmp_path / "tuned", device="cpu")
        with pytest.raises(kind, match="level") as caught:
            run(request, SilentProgress())
        assert hint in caught.value.hint


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("preset", ["t4", "rtx3090", "a100", "h100"])
def test_a_preset_for_fine_tuning_wants_a_base(
    world: TrainingWorld, tmp_path: Path, preset: str, dry_run: bool
) -> None:
    request = TrainRequest(
        preset=preset,
        data=world.store,
        vocabulary=world.vocabulary,
        run=tmp_path / "run",
        dry_run=dry_run,
        device="cpu",
    )
    with pytest.raises(ConfigError, match=f"the preset {preset} is for fine-tuning") as caught:
        run(request, SilentProgress())
    assert caught.value.subject == "paths.base"
    assert "amhctl ckpt import --format indextts2" in caught.value.hint
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_run_that_fine_tunes_goes_on_without_naming_its_base_again(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path
) -> None:
    base = finished[0] / "best"
    tuning = (*(entry for entry in TINY_SETS if entry.startswith("training.")), "training.needs_base=true")
    request = TrainRequest(preset="tiny", data=world.store, run=tmp_path / "run", sets=tuning, device="cpu")
    with pytest.raises(ConfigError, match="the preset tiny is for fine-tuning"):
        run(request, SilentProgress())
    run(replace(request, base=base), SilentProgress())
    shutil.rmtree(tmp_path / "run" / "best")
    resumed = TrainRequest(resume=tmp_path / "run", sets=("training.steps=9",), device="cpu")
    assert run(resumed, SilentProgress()).steps == 9


def test_a_dry_run_measures_and_leaves_nothing(world: TrainingWorld, tmp_path: Path) -> None:
    report = run(request_training(world, tmp_path / "none", aligned=True, dry_run=True), SilentProgress())
    assert not (tmp_path / "none").exists()
    assert report.dry_run is not None
    assert report.dry_run.run_seconds > 0
    assert report.dry_run.peak_bytes > 1_000_000
    assert set(report.payload()) == {"steps", "best", "checkpoint", "parameters", "estimate"}
    assert len(list(report.lines())) == 3
    estimate = cast("dict[str, Any]", report.payload()["estimate"])
    assert estimate["memory"]["needed"] > estimate["memory"]["weights"] > 4 * report.inventory.total
    assert 0 <= estimate["padding"] < 0.5


def test_a_dry_run_refuses_what_the_machine_cannot_hold(
    world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "memory_of", lambda _: 10)
    monkeypatch.setattr(dry_run, "Loop", None)
    with pytest.raises(ShortageError, match=r"the run needs .* the cpu device has only 0\.00 GiB free") as caught:
        run(request_training(world, tmp_path / "none", aligned=True, dry_run=True), SilentProgress())
    assert "even one utterance at a time takes" in caught.value.hint


def test_an_existing_run_is_kept_unless_forced(finished: tuple[Path, TrainReport], world: TrainingWorld) -> None:
    before = sha256_of_file(finished[0] / "best" / "model.safetensors")
    with pytest.raises(FileExistsRefused, match="exists"):
        run(request_training(world, finished[0], aligned=True), SilentProgress())
    forced = request_training(world, finished[0], aligned=True, force=True)
    with pytest.raises(FileExistsRefused, match=r"replace .*best, which the command reads"):
        run(replace(forced, base=finished[0] / "best"), SilentProgress())
    assert sha256_of_file(finished[0] / "best" / "model.safetensors") == before


def test_force_begins_anew_and_spares_what_is_not_its_own(world: TrainingWorld, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "journal.jsonl").write_text('{"kind": "step", "step": 1, "loss": 99.0}\n')
    with pytest.raises(FileExistsRefused, match="not the folder of a voice's run"):
        run(request_training(world, folder, "training.steps=2", aligned=True, force=True), SilentProgress())
    (folder / "config.json").write_text('{"config": {}, "sources": {}}')
    run(request_training(world, folder, "training.steps=2", aligned=True, force=True), SilentProgress())
    assert (folder / "notes.txt").read_text() == "mine"
    assert all(entry["loss"] != 99.0 for entry in read_measured(folder))


@pytest.mark.parametrize(
    ("sets", "error", "words"),
    [
        (("model.codebooks=4",), ConfigError, "codebooks is 4, but the codec has 2"),
        (("model.number_text_tokens=999",), ConfigError, "number_text_tokens is 999"),
        (("text.units=phones",), AmhctlError, "phones"),
        (("text.fold_homophones=true",), DatasetError, "text state"),
        (("training.learning_rate=1e30", "training.steps=40"), TrainingError, "diverges"),
    ],
)
def test_what_does_not_fit_is_refused(
    world: TrainingWorld, tmp_path: Path, sets: tuple[str, ...], error: type[AmhctlError], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(request_training(world, tmp_path / "run", *sets, aligned=True), SilentProgress())


def test_parts_that_are_missing_are_named(world: TrainingWorld, tmp_path: Path) -> None:
    whole = request_training(world, tmp_path / "run")
    for request, flag in (
        (replace(whole, data=None), "--data"),
        (replace(whole, vocabulary=None), "--vocab"),
        (replace(whole, run=None), "-o RUN"),
    ):
        with pytest.raises(ConfigError) as caught:
            run(request, SilentProgress())
        assert flag in caught.value.hint


def test_patience_stops_early(world: TrainingWorld, tmp_path: Path) -> None:
    sets = (
        "training.steps=40",
        "training.learning_rate=0.5",
        "training.valid_every=1",
        "training.patience=2",
        "training.ema_decay=0.0",
    )
    report = run(request_training(world, tmp_path / "run", *sets, aligned=True), SilentProgress())
    assert report.stopped_early
    assert report.steps < 40
    assert "stopped early" in next(iter(report.lines()))


def test_a_bundled_voice_may_be_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert train_module._find_base(Path("m01")) == voice_path("m01")
    (tmp_path / "m01").mkdir()
    assert train_module._find_base(Path("m01")) == tmp_path / "m01"
    assert train_module._find_base(None) is None


def test_a_run_whose_best_is_chosen_by_samples_goes_on_with_as_many(tmp_path: Path) -> None:
    values = {"training": {"samples": 8, "best_by": "text_match"}}
    (tmp_path / "config.json").write_text(json.dumps({"config": values, "sources": {}}))
    request = TrainRequest(resume=tmp_path, sets=("training.samples=9",))
    with pytest.raises(ConfigError, match="chooses its best voice by this number") as caught:
        run(request, SilentProgress())
    assert caught.value.subject == "training.samples"
