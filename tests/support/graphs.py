"""Networks as ONNX graphs beside their weights, loaded to compute."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from amhctl.nn.onnx_graph import OnnxGraph, StoredWeight, locate_weights
from amhctl.nn.onnx_session import OnnxSession

WEIGHTS = "model.safetensors"


def save_weights(folder: Path, tensors: Mapping[str, Tensor]) -> dict[str, StoredWeight]:
    """Write the weights of a graph and return where they lie."""
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    return locate_weights(folder / WEIGHTS)


def waken_layer(layer: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter random values, so that none can be left out unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in layer.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return layer.eval()


def load_graph(folder: Path, tensors: Mapping[str, Tensor], write: Callable[[OnnxGraph], None]) -> OnnxSession:
    """Write a graph that has the weights ``tensors``, and load it."""
    graph = OnnxGraph("test", save_weights(folder, tensors), file=WEIGHTS)
    write(graph)
    (folder / "test.onnx").write_bytes(graph.serialise())
    return OnnxSession(folder / "test.onnx", threads=1)


def named(name: str, layer: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a layer as those of a network that calls it by a name."""
    return {f"{name}.{key}": value for key, value in layer.state_dict().items()}
