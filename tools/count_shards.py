"""What each of several processes is estimated to hold of IndexTTS-2's shape, in shards: the table of docs/training.md.

``python tools/count_shards.py``: everything learns, as by the preset ``a100`` (bf16), from sixteen utterances of ten
seconds a micro-batch, by the estimate of ``train --dry-run``. Nothing is computed: the network has no memory.
"""

import sys
from collections.abc import Iterator

import torch

from amhctl.config.load import load_run_config
from amhctl.config.unified import ModelConfig
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.memory import Need, estimate_memory
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.training.voice_recipe import BatchSize

_PIECES = 24_000
_SIZE = BatchSize(16, 500, 120, 150)
_GIB = 2**30
WAYS = (
    ("whole, activations computed anew", "none", 4),
    *((f"in {count} shards", "full", count) for count in (2, 4, 8)),
)


def estimate(sharding: str, processes: int) -> Need:
    """Return what one of several processes holds."""
    config = load_run_config(preset="a100", project=None, sets=(), environment={}).config.training
    config = config.model_copy(update={"sharding": sharding, "checkpointing": True})
    shape = ModelConfig(number_text_tokens=_PIECES)
    with torch.device("meta"):
        model = UnifiedVoice(shape)
    recipe = UnifiedRecipe(shape)
    return estimate_memory(model, recipe, config, precision="bf16", size=_SIZE, device="cuda", processes=processes)


def lines() -> Iterator[str]:
    """Yield the table."""
    yield "| the voice is | weights | gradients | optimiser | average | activations | in all |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for words, sharding, processes in WAYS:
        need = estimate(sharding, processes)
        parts = (need.weights, need.gradients, need.optimizer, need.average, need.activations, need.total)
        yield f"| {words} | {' | '.join(f'{part / _GIB:.1f} GiB' for part in parts)} |"


if __name__ == "__main__":
    # A table on standard output is what the tool is for.
    sys.stdout.write("\n".join(lines()) + "\n")
