"""A tiny w2v-bert: the real architecture with random weights, as a folder of the Hugging Face hub."""

from pathlib import Path
from typing import Any

import pytest
import torch

from amhctl.core.errors import MissingExtra
from amhctl.encoders.speech import LAYER, import_transformers

WIDTH = 16


def transformers_or_skip() -> Any:
    """Return the package, or skip the test where the extra is not installed."""
    try:
        return import_transformers()
    except MissingExtra as absent:
        pytest.skip(f"the extra w2vbert is not installed: {absent.message}")


def tiny_encoder_folder(folder: Path, *, seed: int = 0, layers: int = LAYER + 1, normalised: bool = False) -> Path:
    """Write a model of some layers, and statistics if it is to be normalised; return its folder."""
    transformers = transformers_or_skip()
    transformers.utils.logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = transformers.Wav2Vec2BertConfig(
            hidden_size=WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=2,
            intermediate_size=32,
            conv_depthwise_kernel_size=7,
            output_hidden_size=WIDTH,
        )
        transformers.Wav2Vec2BertModel(config).save_pretrained(folder)
    transformers.SeamlessM4TFeatureExtractor().save_pretrained(folder)
    if normalised:
        statistics = {"mean": torch.linspace(-1, 1, WIDTH), "var": torch.linspace(0.5, 2.0, WIDTH)}
        torch.save(statistics, folder / "wav2vec2bert_stats.pt")
    return folder
