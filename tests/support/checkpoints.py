"""Checkpoint folders of a few numbers."""

from pathlib import Path

import torch
from torch import Tensor

from amhctl.checkpoint.manifest import Licence, Manifest, TextIdentity, VocabularyIdentity
from amhctl.checkpoint.store import write_checkpoint
from amhctl.config.codec_spec import CodecSpec


def tiny_manifest() -> Manifest:
    """Return a voice's manifest with every field filled."""
    return Manifest(
        kind="voice",
        name="tiny",
        model_version="unified-voice-1",
        package_version="0.0.0",
        sample_rate=16_000,
        config={"layers": 2, "number_text_tokens": 40, "nested": {"width": 4}},
        vocabulary=VocabularyIdentity(file="vocabulary.model", fingerprint="a" * 64, size=40, units="phones"),
        text=TextIdentity(file="text_state.json", hash="b" * 64),
        codec=CodecSpec(
            name="toy",
            architecture="mel",
            sample_rate=16_000,
            frame_samples=640,
            codebooks=2,
            codebook_size=16,
            fingerprint="c" * 64,
        ),
        licences=(Licence(work="a corpus", licence="CC0-1.0"),),
        metrics={"valid_loss": 4.5},
        files={},
    )


def tiny_tensors() -> dict[str, Tensor]:
    """Return a few tensors of several types and shapes."""
    return {
        "weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "bias": torch.tensor([0.5, -0.5], dtype=torch.float16),
        "steps": torch.tensor(7),
    }


def tiny_checkpoint(folder: Path) -> Path:
    """Write a checkpoint folder of a few numbers and return it."""
    write_checkpoint(
        folder,
        manifest=tiny_manifest(),
        tensors=tiny_tensors(),
        extra_files={"text_state.json": b"{}", "vocabulary.model": b"v"},
        extra_tensors={"reference.safetensors": {"features": torch.ones(2, 2)}},
    )
    return folder
