"""How many parameters of IndexTTS-2's shape learn by each way of fine-tuning: the table of docs/training.md.

``python tools/count_learning.py --pieces 24000``. Nothing is computed: the network has no memory. The last column is
what weights, gradients, AdamW's two moments and the average take in single precision, without activations.
"""

import argparse
from collections.abc import Iterator, Mapping

import torch

from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.finetune import Base, tune
from amhctl.training.inventory import Inventory, take_inventory

BASE_PIECES = 12_000
WAYS: Mapping[str, Mapping[str, object]] = {
    "everything": {},
    'text_rows = "new"': {"text_rows": "new"},
    'text_rows = "new", freeze = ["conditioning", "emotion"]': {
        "text_rows": "new",
        "freeze": ("conditioning", "emotion"),
    },
    'adapter.method = "lora"': {"text_rows": "new", "adapter": {"method": "lora"}},
    'adapter.method = "dora"': {"text_rows": "new", "adapter": {"method": "dora"}},
    'adapter.method = "adalora"': {"text_rows": "new", "adapter": {"method": "adalora"}},
    'adapter.method = "lora", text_rows = "adapter"': {"text_rows": "adapter", "adapter": {"method": "lora"}},
}
_BYTES = 4


def count(way: Mapping[str, object], pieces: int) -> Inventory:
    """Return the counts of the official shape with a vocabulary grown to ``pieces``."""
    base = Base("IndexTTS-2", VocabularyGrowth(base_size=BASE_PIECES, base_fingerprint=""))
    with torch.device("meta"):
        model = UnifiedVoice(ModelConfig(number_text_tokens=pieces))
        tune(model, TrainingConfig.model_validate(way), kind="unified", pieces=pieces, base=base, seed=0)
    return take_inventory(model, pieces=pieces, base_rows=BASE_PIECES)


def gigabytes(counted: Inventory) -> float:
    """Return what a run holds at least, in gigabytes."""
    # Of what learns also the gradient, two moments and the average.
    return _BYTES * (counted.total + counted.adapter + 4 * counted.trainable) / 1e9


def lines(pieces: int) -> Iterator[str]:
    """Yield the table."""
    yield "| `training.…` | trained | of them in adapters | frozen | at least |"
    yield "| --- | --- | --- | --- | --- |"
    for words, way in WAYS.items():
        found = count(way, pieces)
        name = words if words == "everything" else f"`{words}`"
        cells = (f"{value:,}" for value in (found.trainable, found.adapter, found.frozen))
        yield f"| {name} | {' | '.join(cells)} | {gigabytes(found):.1f} GB |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=24_000)
    # A table on standard output is what the tool is for.
    print(*lines(parser.parse_args().pieces), sep="\n")  # noqa: T201
