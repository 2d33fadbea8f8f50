"""The official layout: what a foreign file of a UnifiedVoice holds, and which voices it can hold. Sees no file."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from amhctl.config.unified import ModelConfig
from amhctl.nn.conformer import sinusoid_table

OFFICIAL = ModelConfig(position_rule="upstream")
"""The shape of IndexTTS-2."""
TEXT_TABLES = ("text_embedding.weight", "text_head.weight", "text_head.bias")
"""The tensors with a row for each piece of the vocabulary, and one more."""
POSITIONS = 5_000
"""Rows of the tables of sinusoids in an official file."""
# A sine of an angle of some thousands, computed elsewhere, is off by some 1e-4 at most in single precision.
_NEAR = 1e-3


def text_rows(tensors: Mapping[str, Tensor]) -> int | None:
    """Return how many text rows a file has; None if it has no table of them."""
    table = tensors.get(TEXT_TABLES[0])
    return None if table is None or table.ndim != 2 else table.shape[0]


def sinusoid_tables(config: ModelConfig) -> dict[str, Tensor]:
    """Return the tables of sinusoids of an official file, shape (1, 5000, width), by their names."""
    modules = {"conditioning_encoder": config.condition_module, "emo_conditioning_encoder": config.emo_condition_module}
    return {
        f"{name}.embed.pos_enc.pe": sinusoid_table(POSITIONS, module.output_size)[None]
        for name, module in modules.items()
        if module is not None
    }


def find_foreign_tables(tables: Mapping[str, Tensor], config: ModelConfig) -> Iterator[str]:
    """Yield the names of tables in a file that are not the sinusoids that this network computes."""
    wanted = sinusoid_tables(config)
    for name, table in tables.items():
        ours = wanted.get(name)
        rows = min(POSITIONS, table.shape[1]) if table.ndim == 3 else 0
        if ours is None or not rows or table.shape[2] != ours.shape[2] or not _near(table[:, :rows], ours[:, :rows]):
            yield name


def find_unofficial(config: ModelConfig) -> Iterator[str]:
    """Yield what of a voice's shape the official layout does not have."""
    reasons = {
        f"codebooks = {config.codebooks}": config.codebooks != 1,
        "alignment (explicit durations)": config.alignment is not None,
        "condition_norms": config.condition_norms,
        "no emo_condition_module": config.emo_condition_module is None,
        f"condition_dim = {config.condition_dim}": config.condition_dim != OFFICIAL.condition_dim,
        f"emo_dim = {config.emo_dim}": config.emo_dim != OFFICIAL.emo_dim,
        f"start_text_token = {config.start_text_token}": config.start_text_token != OFFICIAL.start_text_token,
        f"stop_text_token = {config.stop_text_token}": config.stop_text_token != OFFICIAL.stop_text_token,
    }
    yield from (reason for reason, holds in reasons.items() if holds)


def _near(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(torch.isclose(one.float(), other, rtol=0.0, atol=_NEAR).all())
