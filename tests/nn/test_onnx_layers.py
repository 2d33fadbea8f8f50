"""Layers in graphs compute what their modules compute, whatever their input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.graphs import load_graph, named, waken_layer
from torch import Tensor, nn

from amhctl.nn import onnx_layers as layers
from amhctl.nn.adaptive_norm import AdaptiveNorm
from amhctl.nn.convnext import ConvNeXtBlock
from amhctl.nn.onnx_graph import OnnxGraph
from amhctl.nn.rotary_attention import RotaryAttention
from amhctl.nn.spectral import InverseSTFTHead

BATCH, FRAMES, WIDTH, CONDITION = 2, 9, 12, 5
HIDDEN = torch.randn(BATCH, FRAMES, WIDTH, generator=torch.Generator().manual_seed(1))
CONDITIONS = torch.randn(BATCH, CONDITION, generator=torch.Generator().manual_seed(2))


def computed(
    folder: Path, layer: nn.Module, write: Callable[[OnnxGraph, str, str], str], *, shape: tuple[int | str, ...]
) -> Tensor:
    def whole(graph: OnnxGraph) -> None:
        hidden = graph.input("hidden", ("batch", "frames", WIDTH))
        condition = graph.input("condition", ("batch", CONDITION))
        graph.output("out", write(graph, hidden, condition), shape)

    session = load_graph(folder, named("layer", layer), whole)
    return torch.from_numpy(session.run({"hidden": HIDDEN.numpy(), "condition": CONDITIONS.numpy()})[0])


def same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, atol=2e-5, rtol=2e-5)


def test_linear_layers(tmp_path: Path) -> None:
    layer = waken_layer(nn.Linear(WIDTH, 7))
    shape = ("batch", "frames", 7)
    same(computed(tmp_path, layer, lambda g, h, _: layers.linear(g, h, "layer"), shape=shape), layer(HIDDEN))
    layer = waken_layer(nn.Linear(CONDITION, 7))
    same(computed(tmp_path, layer, lambda g, _, c: layers.dense(g, c, "layer"), shape=("batch", 7)), layer(CONDITIONS))


def test_norms(tmp_path: Path) -> None:
    shape = ("batch", "frames", WIDTH)
    layer = waken_layer(nn.LayerNorm(WIDTH))
    same(computed(tmp_path, layer, lambda g, h, _: layers.layer_norm(g, h, "layer"), shape=shape), layer(HIDDEN))
    layer = waken_layer(AdaptiveNorm(WIDTH, CONDITION))
    found = computed(tmp_path, layer, lambda g, h, c: layers.adaptive_norm(g, h, c, "layer"), shape=shape)
    same(found, layer(HIDDEN, CONDITIONS))


@pytest.mark.parametrize("kernel", [3, 7])
@pytest.mark.parametrize("conditioned", [False, True])
def test_convnext_blocks(tmp_path: Path, kernel: int, conditioned: bool) -> None:
    layer = waken_layer(ConvNeXtBlock(WIDTH, kernel=kernel, condition=CONDITION if conditioned else 0))
    found = computed(
        tmp_path,
        layer,
        lambda g, h, c: layers.convnext_block(g, h, "layer", c if conditioned else ""),
        shape=("batch", "frames", WIDTH),
    )
    same(found, layer(HIDDEN, condition_BC=CONDITIONS) if conditioned else layer(HIDDEN))


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("conditioned", [False, True])
def test_rotary_attention(tmp_path: Path, heads: int, conditioned: bool) -> None:
    layer = waken_layer(RotaryAttention(WIDTH, heads, condition=CONDITION if conditioned else 0))

    def write(graph: OnnxGraph, hidden: str, condition: str) -> str:
        angles = layers.rotary_angles(graph, hidden, WIDTH // heads)
        told = condition if conditioned else ""
        return layers.rotary_attention(graph, hidden, "layer", heads=heads, angles=angles, condition=told)

    found = computed(tmp_path, layer, write, shape=("batch", "frames", WIDTH))
    keep = torch.ones(BATCH, FRAMES, dtype=torch.bool)
    same(found, layer(HIDDEN, keep, CONDITIONS) if conditioned else layer(HIDDEN, keep))


def test_embeddings_and_activations(tmp_path: Path) -> None:
    layer = waken_layer(nn.Embedding(6, 4))

    def write(graph: OnnxGraph) -> None:
        ids = graph.input("ids", (1, "pieces"), element="int64")
        found = layers.embedding(graph, ids, "layer")
        graph.output("out", layers.silu(graph, found), (1, "pieces", 4))

    ids = np.array([[5, 0, 3]])
    (found,) = load_graph(tmp_path, named("layer", layer), write).run({"ids": ids})
    same(torch.from_numpy(found), nn.functional.silu(layer(torch.from_numpy(ids))))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("frames", [1, 9])
def test_the_inverse_stft(tmp_path: Path, centred: bool, frames: int) -> None:
    layer = InverseSTFTHead(WIDTH, fft_samples=40, hop_samples=10, centred=centred)
    waken_layer(layer)

    def write(graph: OnnxGraph) -> None:
        hidden = graph.input("hidden", ("batch", "frames", WIDTH))
        samples = layers.inverse_stft_head(graph, hidden, "layer", fft_samples=40, hop_samples=10, centred=centred)
        graph.output("out", samples, ("batch", "samples"))

    (found,) = load_graph(tmp_path, named("layer", layer), write).run({"hidden": HIDDEN[:, :frames].numpy()})
    assert found.shape == (BATCH, frames * 10)
    # Where windows hardly overlap, at the edges, a small envelope magnifies what rounding leaves.
    torch.testing.assert_close(torch.from_numpy(found), layer(HIDDEN[:, :frames]), atol=2e-3, rtol=1e-4)
