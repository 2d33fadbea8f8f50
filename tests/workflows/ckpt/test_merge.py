"""Adapters become voices again: by a run that keeps whole ones, or by ``ckpt merge``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.flow_world import build_flow_world, request_flow
from support.training_world import TrainingWorld, build_training_world, request_training

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.core.errors import CheckpointError
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import load_voice
from amhctl.workflows import train
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.ckpt.merge import MergeCheckpointReport, MergeCheckpointRequest, run

SMALL = ("training.adapter.attention_rank=4", "training.adapter.mlp_rank=2", "training.adapter.target_rank=2")
FEW = ("training.steps=4", "training.valid_every=4", "training.learning_rate=0.01")


def merge(adapter: Path, base: Path, output: Path) -> MergeCheckpointReport:
    return run(MergeCheckpointRequest(adapter, base, output), SilentProgress())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def base(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "base"
    train.run(request_training(world, folder, *FEW), SilentProgress())
    return folder / "best"


def tune(world: TrainingWorld, base: Path, folder: Path, *sets: str) -> train.TrainReport:
    request = request_training(world, folder, *FEW, *SMALL, *sets)
    return train.run(replace(request, base=base), SilentProgress())


@pytest.mark.parametrize("method", ["lora", "dora", "adalora"])
def test_merged_it_is_the_voice_that_the_run_would_have_kept(
    world: TrainingWorld, base: Path, tmp_path: Path, method: str
) -> None:
    chosen = f"training.adapter.method={method}"
    whole, alone = tmp_path / "whole", tmp_path / "alone"
    report = tune(world, base, whole, chosen)
    tune(world, base, alone, chosen, "training.adapter.keep=adapter")
    counts = report.payload()["parameters"]
    assert isinstance(counts, dict)
    assert counts["adapter"] > 0
    assert counts["frozen"] > counts["trainable"]
    kept = validate_checkpoint.run(validate_checkpoint.ValidateCheckpointRequest(alone / "best"), SilentProgress())
    assert kept.ok, kept.findings
    assert kept.manifest is not None
    assert kept.manifest.kind == "adapter"
    assert kept.manifest.adapter is not None
    assert (kept.manifest.adapter.base, kept.manifest.adapter.method) == ("base", method)
    merged = merge(alone / "best", base, tmp_path / "voice")
    assert json.loads(json.dumps(merged.payload()))["layers"] == merged.layers == len(kept.manifest.adapter.ranks)
    ours, theirs = (read_checkpoint(folder, kind="voice") for folder in (tmp_path / "voice", whole / "best"))
    assert set(ours.tensors) == set(theirs.tensors)
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())
    started = read_checkpoint(base, kind="voice")
    changed = {name for name, tensor in ours.tensors.items() if not torch.equal(tensor, started.tensors[name])}
    adapted = {f"{layer}.weight" for layer in kept.manifest.adapter.ranks}
    assert changed == adapted | set(kept.manifest.adapter.whole)
    checked = validate_checkpoint.run(
        validate_checkpoint.ValidateCheckpointRequest(tmp_path / "voice"), SilentProgress()
    )
    assert checked.ok
    assert ours.manifest.adapter is None
    assert ours.manifest.parent == started.manifest.files[WEIGHTS_FILE]


def test_other_weights_are_refused_and_an_adapter_alone_does_not_speak(
    world: TrainingWorld, base: Path, tmp_path: Path
) -> None:
    tune(world, base, tmp_path / "run", "training.adapter.method=lora", "training.adapter.keep=adapter")
    tune(world, base, tmp_path / "other", "training.freeze=['body']")
    with pytest.raises(CheckpointError, match="trained for other weights: those of base"):
        merge(tmp_path / "run/best", tmp_path / "other/best", tmp_path / "voice")
    with pytest.raises(CheckpointError, match="of kind voice, expected adapter"):
        merge(base, base, tmp_path / "voice")
    with pytest.raises(CheckpointError) as caught:
        load_voice(tmp_path / "run/best")  # type: ignore[arg-type]
    assert "amhctl ckpt merge" in caught.value.hint
    assert not (tmp_path / "voice").exists()


def test_a_damaged_adapter_is_named_by_what_it_lacks(world: TrainingWorld, base: Path, tmp_path: Path) -> None:
    tune(world, base, tmp_path / "run", "training.adapter.method=lora", "training.adapter.keep=adapter")
    adapter = read_checkpoint(tmp_path / "run/best", kind="adapter")
    tensors = dict(adapter.tensors)
    del tensors["gpt.h.0.attn.c_attn.lora_A.weight"]
    write_checkpoint(tmp_path / "broken", manifest=adapter.manifest, tensors=tensors, extra_files=adapter.read_others())
    found = validate_checkpoint.run(
        validate_checkpoint.ValidateCheckpointRequest(tmp_path / "broken"), SilentProgress()
    )
    assert ("C007", "gpt.h.0.attn.c_attn.lora_A.weight") in {(each.code, each.subject) for each in found.findings}
    with pytest.raises(CheckpointError, match="lora_A"):
        merge(tmp_path / "broken", base, tmp_path / "voice")


def test_an_adapter_of_a_voice_that_draws_spectrograms_merges_too(tmp_path: Path) -> None:
    world = build_flow_world(tmp_path / "world")
    train.run(request_flow(world, tmp_path / "base", *FEW), SilentProgress())
    sets = (*FEW, *SMALL, "training.adapter.method=lora")
    for keep in ("voice", "adapter"):
        request = request_flow(
            world, tmp_path / keep, *sets, f"training.adapter.keep={keep}", base=tmp_path / "base/best"
        )
        train.run(request, SilentProgress())
    merge(tmp_path / "adapter/best", tmp_path / "base/best", tmp_path / "merged")
    ours, theirs, before = (
        read_checkpoint(tmp_path / name, kind="voice").tensors for name in ("merged", "voice/best", "base/best")
    )
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    changed = {name for name, tensor in ours.items() if not torch.equal(tensor, before[name])}
    assert {"attentions.0.project_in.weight", "text_attention.project_out.weight", "blocks.0.expand.weight"} < changed
    assert {"text_embedding.weight", "output.weight", "output.bias"} < changed
    assert not any("norm" in name or "modulate" in name or name.startswith("speaker") for name in changed)
