"""The layers of this room written into ONNX graphs: each computes what the module of its name computes.

They take the value of their input, and the name of the module in the state of the network. There is no padding in a
graph: one utterance at a time, or several takes of one.

Shapes: as in the modules.
"""

import math

import numpy as np

from amhctl.nn.onnx_graph import OnnxGraph

_EPSILON = 1e-5
_LONGEST_WAVE = 10_000.0


def linear(graph: OnnxGraph, hidden: str, name: str) -> str:
    """Write ``nn.Linear`` over vectors that stand in rows and columns, such as (B, T, D)."""
    width, size = graph.shape_of(f"{name}.weight")
    shape = graph.op("Concat", graph.op("Shape", hidden, start=0, end=2), graph.integers(width), axis=0)
    rows = dense(graph, graph.op("Reshape", hidden, graph.integers(-1, size)), name)
    return graph.op("Reshape", rows, shape)


def dense(graph: OnnxGraph, rows: str, name: str) -> str:
    """Write ``nn.Linear`` over rows of vectors, such as (B, D): one product that takes the weight as it is stored."""
    return graph.op("Gemm", rows, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"), transB=1)


def embedding(graph: OnnxGraph, ids: str, name: str) -> str:
    """Write ``nn.Embedding``."""
    return graph.op("Gather", graph.weight(f"{name}.weight"), ids, axis=0)


def silu(graph: OnnxGraph, hidden: str) -> str:
    """Write ``functional.silu``."""
    return graph.op("Mul", hidden, graph.op("Sigmoid", hidden))


def layer_norm(graph: OnnxGraph, hidden: str, name: str) -> str:
    """Write ``nn.LayerNorm``."""
    scale, shift = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op("LayerNormalization", hidden, scale, shift, axis=-1, epsilon=_EPSILON)


def adaptive_norm(graph: OnnxGraph, hidden: str, condition: str, name: str) -> str:
    """Write ``AdaptiveNorm``."""
    width = graph.shape_of(f"{name}.modulate.weight")[0] // 2
    modulation = graph.op("Unsqueeze", dense(graph, condition, f"{name}.modulate"), graph.integers(1))
    scale, shift = graph.split("Split", modulation, outputs=2, axis=-1, num_outputs=2)
    ones, zeros = graph.constant(np.ones(width, np.float32)), graph.constant(np.zeros(width, np.float32))
    normed = graph.op("LayerNormalization", hidden, ones, zeros, axis=-1, epsilon=_EPSILON)
    return graph.op("Add", graph.op("Mul", normed, graph.op("Add", scale, graph.number(1.0))), shift)


def convolution(graph: OnnxGraph, hidden: str, name: str, *, groups: int = 1) -> str:
    """Write an ``nn.Conv1d`` that keeps the length, over channels that stand last."""
    edge = graph.shape_of(f"{name}.weight")[2] // 2
    turned = graph.op("Transpose", hidden, perm=(0, 2, 1))
    weights = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op("Transpose", graph.op("Conv", turned, *weights, group=groups, pads=(edge, edge)), perm=(0, 2, 1))


def convnext_block(graph: OnnxGraph, hidden: str, name: str, condition: str = "") -> str:
    """Write ``ConvNeXtBlock``."""
    inner = convolution(graph, hidden, f"{name}.depthwise", groups=graph.shape_of(f"{name}.depthwise.weight")[0])
    if condition:
        inner = adaptive_norm(graph, inner, condition, f"{name}.norm")
    else:
        inner = layer_norm(graph, inner, f"{name}.norm")
    inner = linear(graph, graph.op("Gelu", linear(graph, inner, f"{name}.expand")), f"{name}.contract")
    return graph.op("Add", hidden, graph.op("Mul", inner, graph.weight(f"{name}.scale")))


def rotary_angles(graph: OnnxGraph, hidden: str, width: int) -> tuple[str, str]:
    """Return cosines and sines of the angles of every frame of a value, shape (T, W), each twice side by side."""
    waves = np.exp(np.arange(0, width, 2, dtype=np.float32) * np.float32(-math.log(_LONGEST_WAVE) / width))
    frames = graph.op("Gather", graph.op("Shape", hidden), graph.constant(np.array(1)), axis=0)
    places = graph.op("Range", graph.constant(np.array(0)), frames, graph.constant(np.array(1)))
    column = graph.op("Unsqueeze", graph.op("Cast", places, to=1), graph.integers(1))
    angles = graph.op("Mul", column, graph.constant(np.repeat(waves, 2)))
    return graph.op("Cos", angles), graph.op("Sin", angles)


def rotary_attention(
    graph: OnnxGraph, hidden: str, name: str, *, heads: int, angles: tuple[str, str], condition: str = ""
) -> str:
    """Write ``RotaryAttention`` over all frames; ``angles`` are from ``rotary_angles``, of its heads' width."""
    width = graph.shape_of(f"{name}.project_out.weight")[0]
    each = width // heads
    if condition:
        normed = adaptive_norm(graph, hidden, condition, f"{name}.norm")
    else:
        normed = layer_norm(graph, hidden, f"{name}.norm")
    mixed = graph.op("Reshape", linear(graph, normed, f"{name}.project_in"), graph.integers(0, 0, 3 * heads, each))
    parts = graph.split("Split", graph.op("Transpose", mixed, perm=(0, 2, 1, 3)), outputs=3, axis=1, num_outputs=3)
    query, key = (_turn(graph, part, each, angles) for part in parts[:2])
    likeness = graph.op("MatMul", query, graph.op("Transpose", key, perm=(0, 1, 3, 2)))
    weights = graph.op("Softmax", graph.op("Mul", likeness, graph.number(1.0 / math.sqrt(each))), axis=-1)
    seen = graph.op("Transpose", graph.op("MatMul", weights, parts[2]), perm=(0, 2, 1, 3))
    seen = graph.op("Reshape", seen, graph.integers(0, 0, width))
    output = linear(graph, seen, f"{name}.project_out")
    return graph.op("Add", hidden, graph.op("Mul", output, graph.weight(f"{name}.scale")))


def _turn(graph: OnnxGraph, heads: str, width: int, angles: tuple[str, str]) -> str:
    # (a, b) becomes (-b, a): as a product, which a runtime does faster than it picks numbers.
    quarter = np.zeros((width, width), np.float32)
    for place in range(0, width, 2):
        quarter[place + 1, place], quarter[place, place + 1] = -1.0, 1.0
    cosine, sine = angles
    turned = graph.op("MatMul", heads, graph.constant(quarter))
    return graph.op("Add", graph.op("Mul", heads, cosine), graph.op("Mul", turned, sine))


def inverse_stft_head(
    graph: OnnxGraph, hidden: str, name: str, *, fft_samples: int, hop_samples: int, centred: bool
) -> str:
    """Write ``InverseSTFTHead``; gives samples, shape (B, T * hop)."""
    edge = fft_samples // 2 if centred else (fft_samples - hop_samples) // 2
    log_magnitude, phase = graph.split(
        "Split", linear(graph, hidden, f"{name}.project"), outputs=2, axis=-1, num_outputs=2
    )
    magnitude = graph.op("Exp", graph.op("Min", log_magnitude, graph.number(7.0)))
    parts = [graph.op("Mul", magnitude, graph.op(wave, phase)) for wave in ("Cos", "Sin")]
    spectrum = graph.op("Transpose", graph.op("Concat", *parts, axis=-1), perm=(0, 2, 1))
    added = graph.op("ConvTranspose", spectrum, _synthesis_basis(graph, fft_samples), strides=(hop_samples,))
    ones = graph.op("Slice", graph.op("Mul", spectrum, graph.number(0.0)), *(graph.integers(v) for v in (0, 1, 1)))
    ones = graph.op("Add", ones, graph.number(1.0))
    envelope = graph.op("ConvTranspose", ones, _window_power(graph, fft_samples), strides=(hop_samples,))
    divided = graph.op("Div", added, graph.op("Max", envelope, graph.number(1e-3)))
    frames = graph.op("Slice", graph.op("Shape", hidden), *(graph.integers(v) for v in (1, 2, 0)))
    end = graph.op("Add", graph.op("Mul", frames, graph.integers(hop_samples)), graph.integers(edge))
    kept = graph.op("Slice", divided, graph.integers(edge), end, graph.integers(2))
    return graph.op("Squeeze", kept, graph.integers(1))


def _hann(graph: OnnxGraph, size: int) -> str:
    """Return a periodic Hann window, shape (size,), computed where the graph is loaded."""
    return graph.op("HannWindow", graph.constant(np.array(size)), periodic=1)


def _window_power(graph: OnnxGraph, size: int) -> str:
    window = _hann(graph, size)
    return graph.op("Reshape", graph.op("Mul", window, window), graph.integers(1, 1, size))


def _synthesis_basis(graph: OnnxGraph, size: int) -> str:
    """Return what each bin's real and imaginary part adds to a frame, shape (2 K, 1, size).

    The inverse DFT of a real signal, windowed: bins between the first and the last count twice. Computed where the
    graph is loaded, since it is larger than the graph.
    """
    bins = size // 2 + 1
    weights = np.full((bins, 1), 2.0 / size, np.float32)
    weights[[0, -1]] = 1.0 / size
    real = graph.op("Mul", waves(graph, "Cos", bins, size), graph.constant(weights))
    imaginary = graph.op("Mul", waves(graph, "Sin", bins, size), graph.constant(-weights))
    basis = graph.op("Mul", graph.op("Concat", real, imaginary, axis=0), _hann(graph, size))
    return graph.op("Unsqueeze", basis, graph.integers(1))


def waves(graph: OnnxGraph, wave: str, bins: int, size: int) -> str:
    """Return the ``Cos`` or ``Sin`` waves of a DFT, shape (K, size), computed where the graph is loaded.

    Parameters
    ----------
    graph : OnnxGraph
        The graph.
    wave : str
        ``Cos`` or ``Sin``.
    bins : int
        Frequencies K: 0 to K - 1 periods in ``size`` samples.
    size : int
        Samples.
    """
    ranges = [
        graph.op("Range", graph.constant(np.array(0)), graph.constant(np.array(end)), graph.constant(np.array(1)))
        for end in (bins, size)
    ]
    product = graph.op("Mul", graph.op("Unsqueeze", ranges[0], graph.integers(1)), ranges[1])
    # Whole numbers modulo the period: a large angle in single precision would lose its last digits.
    within = graph.op("Cast", graph.op("Mod", product, graph.constant(np.array(size))), to=1)
    return graph.op(wave, graph.op("Mul", within, graph.number(2.0 * math.pi / size)))
