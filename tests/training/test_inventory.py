"""Twin of ``training/inventory.py``."""

from pathlib import Path

from support.training_runs import build_run

from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.config.unified import ModelConfig
from amhctl.model.shapes import parameter_count
from amhctl.training.finetune import Base
from amhctl.training.inventory import take_inventory

BASE = Base("base", VocabularyGrowth(base_size=20, base_fingerprint="0" * 64))


def test_of_a_voice_that_learns_whole_all_is_trainable(tmp_path: Path) -> None:
    run = build_run(tmp_path, aligned=False)
    assert isinstance(run.identity.model, ModelConfig)
    # The mean and deviation of the conditioning features are measured, not learnt.
    total = parameter_count(run.identity.model) - 2 * run.identity.model.condition_dim
    pieces = run.identity.model.number_text_tokens
    inventory = take_inventory(run.model, pieces=pieces, base_rows=None)
    assert inventory.payload() == {
        "total": total,
        "trainable": total,
        "frozen": 0,
        "adapter": 0,
        "text_rows": {"base": pieces, "new": 0, "base_frozen": False},
    }


def test_new_rows_and_adapters_are_counted_apart(tmp_path: Path) -> None:
    adapter = {"method": "lora", "attention_rank": 4, "mlp_rank": 2}
    run = build_run(tmp_path, aligned=False, base=BASE, text_rows="new", adapter=adapter)
    shape = run.identity.model
    assert isinstance(shape, ModelConfig)
    width, layers, pieces = shape.model_dim, shape.layers, shape.number_text_tokens
    inventory = take_inventory(run.model, pieces=pieces, base_rows=20)
    # c_attn, c_proj; c_fc, c_proj.
    terms = layers * (4 * (width + 3 * width) + 4 * 2 * width + 2 * 5 * width + 2 * 5 * width)
    codes = shape.codebooks * shape.number_mel_codes
    learning = (pieces - 20) * (2 * width + 1) + codes * (2 * width + 1)
    assert (inventory.adapter, inventory.trainable) == (terms, learning + terms)
    assert inventory.total == parameter_count(shape) - 2 * shape.condition_dim
    assert inventory.frozen == inventory.total - learning
    first, second = inventory.lines()
    assert f"{inventory.trainable:,} learn" in first
    assert f"{terms:,} of them in adapters" in first
    assert second == f"text embeddings: 20 of the base (not trained), {pieces - 20} new"
