"""A small file in the form of MaskGCT's semantic codec, with random weights for the features of a tiny encoder."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from support.speech_encoders import WIDTH

from amhctl.codec.indextts2.semantic_network import SemanticNetwork, SemanticShape, published_name


def semantic_tensors(*, seed: int = 0, features: int = WIDTH, size: int = 8_192) -> dict[str, torch.Tensor]:
    """Return random weights that make codes of all kinds."""
    # From the first seed on whose codes are of many kinds.
    generator = torch.Generator().manual_seed(2 + seed)
    network = SemanticNetwork(SemanticShape(features=features, width=12, inner=20, blocks=2, size=size, entry=8))
    shapes = {published_name(name): tuple(value.shape) for name, value in network.state_dict().items()}
    # Weight normalisation, as the file has it.
    for name in [name for name in shapes if name.endswith("_project.weight")]:
        shape = shapes.pop(name)
        shapes |= {f"{name}_g": (shape[0], 1, 1), f"{name}_v": shape}
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in sorted(shapes.items())}
    # Large biases would give every frame the same code.
    return {name: 0.1 * tensor if name.endswith("bias") else tensor for name, tensor in tensors.items()}


def semantic_file(path: Path, **options: int) -> Path:
    """Write such a file, its decoder too."""
    tensors = semantic_tensors(**options)
    decoder = {
        name.replace("encoder.", "decoder."): each.clone() for name, each in tensors.items() if "encoder" in name
    }
    save_file(tensors | decoder, path)
    return path
