"""A recogniser written as an ONNX graph; computes what ``RecogniserNetwork`` computes for one clip.

Shapes: ``T frames of 10 ms, E frames of 20 ms, W width, V labels``.
"""

import math
from collections.abc import Mapping

import numpy as np

from amhctl.config.recogniser import RecogniserConfig
from amhctl.nn.onnx_graph import OnnxGraph, StoredWeight
from amhctl.nn.onnx_layers import layer_norm, linear
from amhctl.recogniser.features import BANDS
from amhctl.recogniser.labels import LABELS

GRAPH_FILE = "recogniser.onnx"
_LONGEST_WAVE = 10_000.0


def write_graph(config: RecogniserConfig, weights: Mapping[str, StoredWeight], file: str) -> bytes:
    """Return the graph: ``features`` (1, T, 80) to ``log_probabilities`` (1, E, V).

    Parameters
    ----------
    config : RecogniserConfig
        Sizes of the network.
    weights : Mapping[str, StoredWeight]
        Where its weights lie.
    file : str
        In which file, beside the graph.
    """
    graph = OnnxGraph("recogniser", weights, file=file)
    features = graph.input("features", (1, "frames", BANDS))
    hidden = graph.op("Transpose", features, perm=(0, 2, 1))
    for name, stride in (("conv1", 1), ("conv2", 2)):
        parts = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
        hidden = graph.op("Gelu", graph.op("Conv", hidden, *parts, pads=(1, 1), strides=(stride,)))
    hidden = graph.op("Transpose", hidden, perm=(0, 2, 1))
    hidden = graph.op("Add", hidden, _positions(graph, hidden, config.width))
    for block in range(config.blocks):
        hidden = _block(graph, hidden, f"blocks.{block}", config.heads)
    logits = linear(graph, layer_norm(graph, hidden, "norm"), "head")
    graph.output("log_probabilities", graph.op("LogSoftmax", logits, axis=-1), (1, "half_frames", len(LABELS)))
    return graph.serialise()


def _positions(graph: OnnxGraph, hidden: str, width: int) -> str:
    step = math.log(_LONGEST_WAVE) / (width // 2 - 1)
    rates = np.exp(np.arange(width // 2, dtype=np.float32) * np.float32(-step))
    frames = graph.op("Gather", graph.op("Shape", hidden), graph.constant(np.array(1)), axis=0)
    places = graph.op("Range", graph.constant(np.array(0)), frames, graph.constant(np.array(1)))
    column = graph.op("Unsqueeze", graph.op("Cast", places, to=1), graph.integers(1))
    angles = graph.op("Mul", column, graph.constant(rates))
    return graph.op("Concat", graph.op("Sin", angles), graph.op("Cos", angles), axis=1)


def _block(graph: OnnxGraph, hidden: str, name: str, heads: int) -> str:
    width = graph.shape_of(f"{name}.out.weight")[0]
    each = width // heads
    qkv = linear(graph, layer_norm(graph, hidden, f"{name}.attention_norm"), f"{name}.qkv")
    split = graph.op("Transpose", graph.op("Reshape", qkv, graph.integers(0, 0, 3 * heads, each)), perm=(0, 2, 1, 3))
    query, key, value = graph.split("Split", split, outputs=3, axis=1, num_outputs=3)
    likeness = graph.op("MatMul", query, graph.op("Transpose", key, perm=(0, 1, 3, 2)))
    share = graph.op("Softmax", graph.op("Mul", likeness, graph.number(1.0 / math.sqrt(each))), axis=-1)
    seen = graph.op("Transpose", graph.op("MatMul", share, value), perm=(0, 2, 1, 3))
    mixed = linear(graph, graph.op("Reshape", seen, graph.integers(0, 0, width)), f"{name}.out")
    hidden = graph.op("Add", hidden, mixed)
    inner = graph.op("Gelu", linear(graph, layer_norm(graph, hidden, f"{name}.norm"), f"{name}.up"))
    return graph.op("Add", hidden, linear(graph, inner, f"{name}.down"))
