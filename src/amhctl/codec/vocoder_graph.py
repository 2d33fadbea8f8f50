"""A vocoder written as an ONNX graph; computes what ``VocoderNetwork`` computes.

Shapes: ``T frames, F mel bins, N samples (N = T * hop)``.
"""

from collections.abc import Mapping

from amhctl.codec.vocoder_network import MEL_MEAN, MEL_SCALE
from amhctl.config.vocoder import VocoderConfig
from amhctl.nn.onnx_graph import OnnxGraph, StoredWeight
from amhctl.nn.onnx_layers import convnext_block, convolution, inverse_stft_head, layer_norm


def write_vocoder_graph(config: VocoderConfig, weights: Mapping[str, StoredWeight], file: str) -> bytes:
    """Return the graph: ``mel`` (1, T, F) to ``samples`` (1, N).

    Parameters
    ----------
    config : VocoderConfig
        Shape of the network.
    weights : Mapping[str, StoredWeight]
        Where its weights lie.
    file : str
        In which file, beside the graph.
    """
    graph = OnnxGraph("vocoder", weights, file=file)
    mel = graph.input("mel", (1, "frames", config.mel.bins))
    hidden = graph.op("Div", graph.op("Sub", mel, graph.number(MEL_MEAN)), graph.number(MEL_SCALE))
    hidden = convolution(graph, hidden, "enter")
    for block in range(config.blocks):
        hidden = convnext_block(graph, hidden, f"blocks.{block}")
    samples = inverse_stft_head(
        graph,
        layer_norm(graph, hidden, "norm"),
        "head",
        fft_samples=config.synthesis_fft_samples,
        hop_samples=config.mel.hop_samples,
        centred=True,
    )
    graph.output("samples", samples, (1, "samples"))
    return graph.serialise()
