"""Twin of ``training/finetune.py``: what learns, what cannot move, and what contradicts itself."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.training_runs import build_run

from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.core.errors import ConfigError
from amhctl.training.devices import connect_devices
from amhctl.training.finetune import Base
from amhctl.training.loop import Loop
from amhctl.training.network_tensors import read_network, stored_parameters

OLD = 20
"""Between the ids that the texts of the tiny world have."""
GROWN = Base("base", VocabularyGrowth(base_size=OLD, base_fingerprint="0" * 64))
TABLES = ("text_embedding.weight", "text_head.weight", "text_head.bias")


def learning(loop: Loop) -> set[str]:
    return {each.name for each in stored_parameters(loop.parts.model) if each.parameter.requires_grad}


def take(loop: Loop, steps: int) -> None:
    batches = loop.load_batches()
    for group, _ in zip(loop.groups(), range(steps), strict=False):
        loop.step(group, batches)


def copied(loop: Loop) -> dict[str, torch.Tensor]:
    tensors = read_network(loop.parts.model)
    return {name: tensor.clone() for name, tensor in (tensors.weights | tensors.terms).items()}


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_fifty_steps_leave_every_bit_of_the_bases_rows(tmp_path: Path, decay: float) -> None:
    """Neither decay nor momentum can move what is no parameter; the rows behind them learn."""
    run = build_run(
        tmp_path, aligned=False, base=GROWN, text_rows="new", weight_decay=decay, steps=50, learning_rate=0.01
    )
    loop = Loop(run, connect_devices("cpu"))
    before = copied(loop)
    take(loop, 50)
    after, average = copied(loop), read_network(loop.parts.average.model).weights
    pieces = len(before[TABLES[0]]) - 1
    for name in TABLES:
        for tensor in (after[name], average[name]):
            assert torch.equal(tensor[:OLD], before[name][:OLD])
            # The row of no piece is not one of the new ones.
            assert torch.equal(tensor[pieces:], before[name][pieces:])
            assert (tensor[OLD:pieces] != before[name][OLD:pieces]).any()


def test_with_all_rows_the_bases_move_too(tmp_path: Path) -> None:
    run = build_run(tmp_path, aligned=False, base=GROWN, text_rows="all", weight_decay=0.1, learning_rate=0.01)
    loop = Loop(run, connect_devices("cpu"))
    before = copied(loop)
    take(loop, 5)
    assert all((copied(loop)[name][:OLD] != before[name][:OLD]).any() for name in TABLES)


def test_frozen_parts_have_no_gradient_no_moments_and_do_not_move(tmp_path: Path) -> None:
    run = build_run(
        tmp_path, aligned=False, freeze=("conditioning", "gpt.h.0.*"), unfreeze=("gpt.h.0.ln_1.bias",), weight_decay=0.1
    )
    loop = Loop(run, connect_devices("cpu"))
    before = copied(loop)
    take(loop, 3)
    moved = {name for name, tensor in copied(loop).items() if not torch.equal(tensor, before[name])}
    frozen = {
        name
        for name in before
        if name.startswith(("conditioning_encoder.", "perceiver_encoder.", "gpt.h.0.")) and name != "gpt.h.0.ln_1.bias"
    }
    assert frozen
    assert moved == learning(loop)
    assert not moved & frozen
    assert "gpt.h.0.ln_1.bias" in moved
    assert len(loop.parts.optimizer.state) == len(moved)


@pytest.mark.parametrize("method", ["lora", "dora", "adalora"])
def test_beside_adapters_embeddings_and_heads_learn_and_nothing_else(tmp_path: Path, method: str) -> None:
    adapter = {"method": method, "attention_rank": 4, "mlp_rank": 2, "target_rank": 2}
    run = build_run(tmp_path, aligned=False, base=GROWN, text_rows="new", adapter=adapter, weight_decay=0.1)
    loop = Loop(run, connect_devices("cpu"))
    before = copied(loop)
    take(loop, 3)
    after = copied(loop)
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    whole = {*TABLES, "mel_embedding.weight", "mel_head.weight", "mel_head.bias"}
    assert {name for name in moved if ".lora_" not in name} == whole
    assert {name.partition(".lora_")[0] for name in moved - whole} == {
        f"gpt.h.{layer}.{part}"
        for layer in range(run.identity.model.layers)
        for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    }
    if method != "adalora":
        assert after["gpt.h.0.attn.c_attn.lora_A.weight"].shape[0] == 4
        assert after["gpt.h.0.mlp.c_fc.lora_A.weight"].shape[0] == 2
    assert torch.equal(after[TABLES[0]][:OLD], before[TABLES[0]][:OLD])
    assert run.identity.adapter is not None
    assert set(run.identity.adapter.whole) == whole


def test_an_adapter_on_the_text_leaves_its_tables(tmp_path: Path) -> None:
    run = build_run(tmp_path, aligned=False, base=GROWN, text_rows="adapter", adapter={"text_rank": 3})
    loop = Loop(run, connect_devices("cpu"))
    before = copied(loop)
    take(loop, 3)
    after = copied(loop)
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert not moved & set(TABLES)
    assert {name for name in moved if ".lora_" in name} == {
        "text_embedding.lora_embedding_A",
        "text_embedding.lora_embedding_B",
        "text_head.lora_A.weight",
        "text_head.lora_B.weight",
    }
    assert after["text_embedding.lora_embedding_A"].shape == (3, len(before[TABLES[0]]))
    assert "gpt.h.0.attn.c_attn.weight" in moved


def test_no_adapter_stands_beside_what_someone_froze(tmp_path: Path) -> None:
    adapter = {"method": "lora", "attention_rank": 2}
    run = build_run(tmp_path, aligned=False, base=GROWN, adapter=adapter, freeze=("mlp", "codes"), unfreeze=("norms",))
    terms = {name for name in learning(Loop(run, connect_devices("cpu"))) if ".lora_" in name}
    assert terms
    assert all(".attn." in name for name in terms)
    assert run.identity.adapter is not None
    assert all(".ln_" in name or "norm" in name for name in run.identity.adapter.whole)


@pytest.mark.parametrize(
    ("base", "training", "words"),
    [
        (None, {"text_rows": "new"}, "starts from scratch"),
        (Base("b", None), {"text_rows": "new"}, "b does not record that its vocabulary was grown"),
        (
            Base("b", VocabularyGrowth(base_size=10_000, base_fingerprint="")),
            {"text_rows": "new"},
            "no embeddings were added",
        ),
        (GROWN, {"text_rows": "new", "freeze": ("text",)}, "is frozen"),
        (None, {"adapter": {"method": "lora"}}, "an adapter needs a base"),
        (GROWN, {"adapter": {"method": "lora"}, "unfreeze": ("attention",)}, "cannot be trained itself"),
        (GROWN, {"adapter": {"method": "dora"}, "text_rows": "adapter"}, "LoRA only"),
        (None, {"freeze": ("all",)}, "no parameters are left"),
        (None, {"freeze": ("bodi",)}, "similar names: body"),
    ],
)
def test_what_contradicts_itself_is_refused(
    tmp_path: Path, base: Base | None, training: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        build_run(tmp_path, aligned=False, base=base, **training)
