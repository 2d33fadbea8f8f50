"""The mel codec written as two ONNX graphs, to codes and back; they compute what ``MelCodecNetwork`` computes.

Shapes: as in ``mel_codec``.
"""

import math
from collections.abc import Mapping

import numpy as np

from amhctl.codec.mel_codec import MEL_MEAN, MEL_SCALE
from amhctl.config.mel import MelConfig
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.nn import onnx_layers as layers
from amhctl.nn.onnx_graph import OnnxGraph, StoredWeight
from amhctl.nn.spectral import LOG_FLOOR, mel_filterbank

ENCODE_GRAPH, DECODE_GRAPH = "encode.onnx", "decode.onnx"
"""Names of the files."""
_LEAST_POWER = 1e-12


def write_codec_graphs(config: MelCodecConfig, weights: Mapping[str, StoredWeight], file: str) -> dict[str, bytes]:
    """Return the content of each graph's file, by its name.

    Parameters
    ----------
    config : MelCodecConfig
        Shape of the network.
    weights : Mapping[str, StoredWeight]
        Where its weights lie.
    file : str
        In which file, beside the graphs.
    """
    return {
        ENCODE_GRAPH: _write_encoder(config, OnnxGraph("encode", weights, file=file)),
        DECODE_GRAPH: _write_decoder(config, OnnxGraph("decode", weights, file=file)),
    }


def _write_encoder(config: MelCodecConfig, graph: OnnxGraph) -> bytes:
    """Write ``samples`` (1, N), a whole number of frames of them, to ``codes`` (1, S, Q)."""
    mel = _log_mel(graph, graph.input("samples", (1, "samples")), config.mel)
    hidden = graph.op("Div", graph.op("Sub", mel, graph.number(MEL_MEAN)), graph.number(MEL_SCALE))
    hidden = layers.convolution(graph, hidden, "enter")
    for block in range(config.encoder_blocks[0]):
        hidden = layers.convnext_block(graph, hidden, f"encoder_fast.{block}")
    hidden = graph.op("Reshape", hidden, graph.integers(0, -1, 2 * config.width))
    hidden = layers.linear(graph, hidden, "halve_rate")
    for block in range(config.encoder_blocks[1]):
        hidden = layers.convnext_block(graph, hidden, f"encoder_slow.{block}")
    residual = layers.linear(graph, layers.layer_norm(graph, hidden, "encoder_norm"), "to_latent")
    codes = []
    for book in range(config.codebooks):
        table = _codebook(graph, book)
        squares = graph.op("ReduceSum", graph.op("Mul", table, table), graph.integers(1), keepdims=0)
        products = graph.op("MatMul", residual, graph.op("Transpose", table, perm=(1, 0)))
        # The vector's own square is the same for every code.
        distances = graph.op("Sub", squares, graph.op("Mul", products, graph.number(2.0)))
        codes.append(graph.op("ArgMin", distances, axis=-1, keepdims=0))
        residual = graph.op("Sub", residual, graph.op("Gather", table, codes[-1], axis=0))
    stacked = graph.op("Concat", *(graph.op("Unsqueeze", code, graph.integers(2)) for code in codes), axis=-1)
    graph.output("codes", stacked, (1, "frames", config.codebooks), element="int64")
    return graph.serialise()


def _write_decoder(config: MelCodecConfig, graph: OnnxGraph) -> bytes:
    """Write ``codes`` (1, S, Q) to ``samples`` (1, N)."""
    codes = graph.input("codes", (1, "frames", config.codebooks), element="int64")
    books = graph.split("Split", codes, outputs=config.codebooks, axis=-1, num_outputs=config.codebooks)
    found = [
        graph.op("Gather", _codebook(graph, place), graph.op("Squeeze", book, graph.integers(2)), axis=0)
        for place, book in enumerate(books)
    ]
    latents = found[0] if len(found) == 1 else graph.op("Sum", *found)
    hidden = layers.linear(graph, latents, "from_latent")
    for block in range(config.decoder_blocks[0]):
        hidden = layers.convnext_block(graph, hidden, f"decoder_slow.{block}")
    hidden = graph.op("Reshape", layers.linear(graph, hidden, "double_rate"), graph.integers(0, -1, config.width))
    for block in range(config.decoder_blocks[1]):
        hidden = layers.convnext_block(graph, hidden, f"decoder_fast.{block}")
    samples = layers.inverse_stft_head(
        graph,
        layers.layer_norm(graph, hidden, "decoder_norm"),
        "head",
        fft_samples=config.synthesis_fft_samples,
        hop_samples=config.mel.hop_samples,
        centred=False,
    )
    graph.output("samples", samples, (1, "samples"))
    return graph.serialise()


def _codebook(graph: OnnxGraph, book: int) -> str:
    return graph.op("Squeeze", graph.weight(f"quantizer.layers.{book}._codebook.embed"), graph.integers(0))


def _log_mel(graph: OnnxGraph, samples: str, mel: MelConfig) -> str:
    """Write ``LogMel`` without its last frame, shape (1, T, F): a transform of each frame is a product with waves."""
    fft, bins = mel.fft_samples, mel.fft_samples // 2 + 1
    left = (fft - mel.window_samples) // 2
    window = np.zeros(fft)
    window[left : left + mel.window_samples] = 0.5 - 0.5 * np.cos(
        2.0 * math.pi * np.arange(mel.window_samples) / mel.window_samples
    )
    real, imaginary = (layers.waves(graph, wave, bins, fft) for wave in ("Cos", "Sin"))
    basis = graph.op("Mul", graph.op("Concat", real, imaginary, axis=0), graph.constant(window.astype(np.float32)))
    # The frame beyond the last whole one is left out: half of a frame less on the right.
    pads = (fft // 2, fft // 2 - mel.hop_samples)
    transformed = graph.op(
        "Conv",
        graph.op("Unsqueeze", samples, graph.integers(1)),
        graph.op("Unsqueeze", basis, graph.integers(1)),
        strides=(mel.hop_samples,),
        pads=pads,
    )
    squares = graph.op("Mul", transformed, transformed)
    halves = graph.split("Split", squares, outputs=2, axis=1, num_outputs=2)
    power = graph.op("Add", graph.op("Add", *halves), graph.number(_LEAST_POWER))
    filters = mel_filterbank(
        sample_rate=mel.sample_rate,
        fft_samples=fft,
        bins=mel.bins,
        low_hertz=mel.low_hertz,
        high_hertz=mel.high_hertz,
    )
    magnitude = graph.op("Transpose", graph.op("Sqrt", power), perm=(0, 2, 1))
    bands = graph.op("MatMul", magnitude, graph.constant(filters.numpy()))
    return graph.op("Log", graph.op("Max", bands, graph.number(LOG_FLOOR)))
