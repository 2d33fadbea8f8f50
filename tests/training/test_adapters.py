"""Twin of ``training/adapters.py``: what is added, what is merged, and how AdaLoRA distributes ranks."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import MissingExtra
from amhctl.core.progress import SilentProgress
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training import adapters
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.finetune import Base
from amhctl.training.loop import Loop
from amhctl.training.network_tensors import merged_weights, read_network
from amhctl.training.run import Run

BASE = Base("base", None)
SMALL = {"attention_rank": 4, "mlp_rank": 2, "target_rank": 2, "dropout": 0.1}
METHODS = ("lora", "dora", "adalora")


def adapted(folder: Path, method: str, **training: Any) -> Run:
    return build_run(folder, aligned=False, base=BASE, adapter={"method": method, **SMALL}, **training)


def outputs(model: torch.nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    text_BT = torch.randint(2, 20, (2, 7), generator=generator)
    codes_BQS = torch.randint(16, (2, 2, 9), generator=generator)
    latents_BLD = torch.randn(2, 4, model.config.model_dim, generator=generator)  # type: ignore[arg-type,union-attr]
    lengths = torch.tensor([7, 5]), torch.tensor([9, 6])
    with torch.no_grad():
        out = model.eval()(text_BT, lengths[0], codes_BQS, lengths[1], latents_BLD, latents_BLD[:, 0])
    assert out.text_logits_BTV is not None
    return torch.cat([out.text_logits_BTV.flatten(), out.code_logits_BQPV.flatten()])


@pytest.mark.parametrize("method", METHODS)
def test_the_merged_voice_says_what_the_adapted_one_does(tmp_path: Path, method: str) -> None:
    loop = Loop(adapted(tmp_path, method, learning_rate=0.02), connect_devices("cpu"))
    batches = loop.load_batches()
    before = outputs(loop.parts.model)
    for group, _ in zip(loop.groups(), range(4), strict=False):
        loop.step(group, batches)
    whole = UnifiedVoice(loop.parts.model.config)  # type: ignore[arg-type]
    whole.load_state_dict(merged_weights(loop.parts.model), strict=True)
    ours, theirs = outputs(loop.parts.model), outputs(whole)
    assert (ours - before).abs().max() > 0.1
    assert (ours - theirs).abs().max() < 1e-5
    # Merging leaves the adapted model as it was.
    assert torch.equal(outputs(loop.parts.model), ours)
    plain = UnifiedVoice(loop.parts.model.config)  # type: ignore[arg-type]
    plain.load_state_dict(read_network(loop.parts.model).weights, strict=True)
    assert (outputs(plain) - ours).abs().max() > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, method: str) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    train(adapted(whole, method, keep_checkpoints=3), SilentProgress(), device="cpu", resume=False)
    shutil.copytree(whole, resumed)
    shutil.copytree(tmp_path / "whole-world", tmp_path / "resumed-world")
    shutil.rmtree(resumed / "checkpoints/step-00000008")
    train(adapted(resumed, method, keep_checkpoints=3), SilentProgress(), device="cpu", resume=True)
    assert read_measured(resumed) == read_measured(whole)
    one, other = (read_checkpoint(folder / "checkpoints/step-00000008", kind="training") for folder in (whole, resumed))
    assert one.manifest.adapter is not None
    assert one.manifest.adapter.base == "base"
    files = [name for name in one.manifest.files if name.endswith(".safetensors")]
    assert {"adapter.safetensors", "adapter_average.safetensors"} < set(files)
    assert ("allocation.safetensors" in files) == (method == "adalora")
    for file in files:
        assert one.manifest.files[file] == other.manifest.files[file] or file == "model.safetensors"
    assert all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())


def test_adalora_ends_with_its_target_ranks(tmp_path: Path) -> None:
    run = adapted(tmp_path, "adalora", steps=20, valid_every=20, save_every=20)
    train(run, SilentProgress(), device="cpu", resume=False)
    values = [tensor for name, tensor in read_network(run.model).terms.items() if name.endswith(".lora_E")]
    assert sum(int((each != 0).sum()) for each in values) == 2 * len(values)
    # Where rank does least harm differs from layer to layer.
    assert len({int((each != 0).sum()) for each in values}) > 1


def test_the_penalty_pulls_singular_vectors_apart(tmp_path: Path) -> None:
    """One step from factors of size 0.02, whose products are nearly zero: the gradient makes them longer."""
    lengths = []
    for weight in (0.0, 0.5):
        adapter = {"method": "adalora", **SMALL, "orthogonality": weight}
        run = build_run(tmp_path / str(weight), aligned=False, base=BASE, adapter=adapter, clip_norm=1e-9)
        loop = Loop(run, connect_devices("cpu"))
        loop.step(next(loop.groups()), loop.load_batches())
        terms = read_network(loop.parts.model).terms
        lengths.append(float(terms["gpt.h.0.attn.c_attn.lora_A"].norm()))
    assert lengths[1] > lengths[0]


def test_without_peft_the_way_to_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match="peft cannot be imported") as caught:
        adapted(tmp_path, "lora")
    assert caught.value.hint == "pip install 'amhctl[adapters]'"


def test_layers_are_those_of_attention_and_feed_forward(tmp_path: Path) -> None:
    run = build_run(tmp_path, aligned=False)
    config = run.config.adapter.model_copy(update={"method": "lora", "attention_rank": 5, "mlp_rank": 3})
    chosen = adapters.choose_layers(run.model, config, kind="unified", text=True)
    layers = run.identity.model.layers
    assert len(chosen) == 4 * layers + 2
    assert {name.split(".", 3)[-1]: rank for name, rank in chosen.items()} == {
        "attn.c_attn": 5,
        "attn.c_proj": 5,
        "mlp.c_fc": 3,
        "mlp.c_proj": 3,
        "text_embedding": 16,
        "text_head": 16,
    }
