"""Runs of a FlowVoice: trained whole, resumed, from a base, rehearsed; and what does not fit.

Runs of a UnifiedVoice are tested in ``test_train.py``.
"""

from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from support.flow_world import SPEAKERS, build_flow_world, request_flow
from support.training_world import TrainingWorld, build_training_world, read_measured, request_training

from amhctl.checkpoint.store import tensor_differences
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError, DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.model.flow_sampling import FlowSampling
from amhctl.model.soundness import read_voice
from amhctl.workflows import train
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.ckpt.validate import ValidateCheckpointRequest
from amhctl.workflows.train import TrainRequest


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_flow_world(tmp_path_factory.mktemp("flow"))


@pytest.fixture(scope="module")
def trained(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    train.run(request_flow(world, run), SilentProgress())
    return run


def test_a_run_leaves_a_sound_voice_that_says_what_it_is(trained: Path) -> None:
    report = validate_checkpoint.run(ValidateCheckpointRequest(trained / "best"), SilentProgress())
    assert [finding for finding in report.findings if finding.severity == "error"] == []
    manifest = read_voice(trained / "best").manifest
    assert manifest.model_version == "flow-voice-1"
    assert manifest.speakers == SPEAKERS
    assert manifest.vocoder is not None
    assert manifest.vocoder.name == "vocoder16k"
    assert manifest.codec is None
    assert manifest.conditioning is None
    assert [(licence.work, licence.licence) for licence in manifest.licences] == [("noise", "CC0-1.0")]
    assert manifest.processing == ("cleaned by a sieve",)
    assert manifest.duration_scale is not None
    assert set(manifest.duration_scale.speakers) == set(SPEAKERS)
    assert set(manifest.metrics) >= {"valid_mel_loss", "valid_length_ratio"}
    kinds = [entry["kind"] for entry in read_measured(trained)]
    assert kinds.count("step") == 6
    assert kinds.count("valid") == 2


def test_a_resumed_run_equals_an_uninterrupted_one(world: TrainingWorld, tmp_path: Path) -> None:
    run = tmp_path / "whole"
    train.run(request_flow(world, run, "training.steps=3", "training.decay_steps=6"), SilentProgress())
    train.run(TrainRequest(resume=run, sets=("training.steps=6",), device="cpu"), SilentProgress())
    again = tmp_path / "again"
    train.run(request_flow(world, again, "training.decay_steps=6"), SilentProgress())
    (newest,) = [folder.name for folder in (again / "checkpoints").iterdir() if folder.name.endswith("6")]
    for name in (f"checkpoints/{newest}", "best"):
        assert tensor_differences(run / name, again / name) == ()
    assert read_measured(run) == read_measured(again)


def test_codes_may_be_drawn_from(world: TrainingWorld, tmp_path: Path) -> None:
    run = tmp_path / "coded"
    train.run(request_flow(world, run, "model.codebooks=2", "training.steps=3"), SilentProgress())
    manifest = read_voice(run / "best").manifest
    assert manifest.codec is not None
    assert manifest.codec.name == "noise"
    assert manifest.config["codebook_size"] == 16


def test_a_base_gives_its_weights_and_stays_what_it_is(world: TrainingWorld, trained: Path, tmp_path: Path) -> None:
    run = tmp_path / "tuned"
    train.run(request_flow(world, run, "training.steps=3", base=trained / "best"), SilentProgress())
    manifest = read_voice(run / "best").manifest
    assert manifest.parent
    assert manifest.config == read_voice(trained / "best").manifest.config


def test_a_voice_learns_its_bases_guidance_and_is_drawn_without(
    world: TrainingWorld, trained: Path, tmp_path: Path
) -> None:
    base, learning = tmp_path / "base", ("training.distil_guidance=1.5", "training.learning_rate=1e-3")
    copytree(trained / "best", base)
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    report = train.run(request_flow(world, None, *learning, base=base, dry_run=True), SilentProgress())
    assert report.dry_run is not None
    train.run(request_flow(world, whole, *learning, base=base), SilentProgress())
    shorter = (*learning, "training.steps=3", "training.decay_steps=6")
    train.run(request_flow(world, parted, *shorter, base=base), SilentProgress())
    on = TrainRequest(resume=parted, sets=("training.steps=6",), device="cpu")
    train.run(on, SilentProgress())
    assert tensor_differences(whole / "best", parted / "best") == ()
    manifest = read_voice(whole / "best").manifest
    assert manifest.config["distilled_guidance"] == 1.5
    shape = FlowVoiceConfig.model_validate(manifest.config)
    assert FlowSampling().guidance_for(shape) == 0.0
    assert FlowSampling().guidance_for(shape.model_copy(update={"distilled_guidance": 0.0})) == 1.0
    assert FlowSampling(guidance=2.0).guidance_for(shape) == 2.0
    with pytest.raises(ConfigError, match="already"):
        train.run(request_flow(world, tmp_path / "again", *learning, base=whole / "best"), SilentProgress())
    # The base is what is learnt from: another one in its place is noticed.
    rmtree(base)
    copytree(whole / "best", base)
    with pytest.raises(CheckpointError, match="not the one that this run started with"):
        train.run(replace(on, sets=("training.steps=9",)), SilentProgress())


def test_a_dry_run_saves_and_loads(world: TrainingWorld) -> None:
    report = train.run(request_flow(world, None, dry_run=True), SilentProgress())
    assert report.dry_run is not None
    assert report.dry_run.loss > 0


def test_what_does_not_fit_is_refused(world: TrainingWorld, trained: Path, tmp_path: Path) -> None:
    plain = build_training_world(tmp_path / "plain", aligned=True)
    with pytest.raises(DatasetError, match="no acoustics"):
        train.run(request_flow(plain, tmp_path / "a"), SilentProgress())
    with pytest.raises(ConfigError, match="speaker_dim is 9"):
        train.run(request_flow(world, tmp_path / "b", "model.speaker_dim=9"), SilentProgress())
    with pytest.raises(ConfigError, match="kind flow"):
        train.run(replace(request_training(plain, tmp_path / "c"), base=trained / "best"), SilentProgress())
    with pytest.raises(CodecError, match="vocoder not found"):
        train.run(request_flow(world, tmp_path / "d", "paths.vocoder=nowhere"), SilentProgress())
    other = build_flow_world(tmp_path / "other", seed=1)
    with pytest.raises(CheckpointError, match="data_fingerprint"):
        train.run(
            TrainRequest(resume=trained, data=other.store, sets=("training.steps=9",), device="cpu"), SilentProgress()
        )


def test_the_journal_says_what_a_flow_voice_learns(trained: Path) -> None:
    steps = [entry for entry in read_measured(trained) if entry["kind"] == "step"]
    valid = [entry for entry in read_measured(trained) if entry["kind"] == "valid"]
    losses = {"loss", "mel", "prosody", "duration", "length_ratio"}
    assert losses | {"norm", "rate"} <= set(steps[0])
    assert losses | {"speaker_spread", "speaker_activation"} <= set(valid[0])
    best = read_voice(trained / "best").manifest.metrics
    assert best["valid_mel_loss"] == min(entry["mel"] for entry in valid)  # type: ignore[type-var]
