"""A FlowVoice written as three ONNX graphs: reading text, drawing prosody, drawing the spectrogram.

They compute what ``encode`` and ``log_durations``, ``prosody_velocity`` and ``velocity`` of ``FlowVoice`` compute, of
one utterance without padding; codes are left to PyTorch. Laying the text over the steps is done by who runs them
(``flow_session``).

Shapes: as in ``flow_voice``; K drawings that are made at once, such as with and without the text.
"""

from collections.abc import Mapping

import numpy as np

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_files import MEL_GRAPH, PROSODY_GRAPH, TEXT_GRAPH
from amhctl.model.flow_sampling import PROSODY
from amhctl.model.flow_voice import TIME_SCALE, WITHIN, angular_frequencies
from amhctl.nn import onnx_layers as layers
from amhctl.nn.onnx_graph import OnnxGraph, StoredWeight


def write_flow_graphs(config: FlowVoiceConfig, weights: Mapping[str, StoredWeight], file: str) -> dict[str, bytes]:
    """Return the content of each graph's file, by its name.

    Parameters
    ----------
    config : FlowVoiceConfig
        Shape of the network.
    weights : Mapping[str, StoredWeight]
        Where its weights lie.
    file : str
        In which file, beside the graphs.
    """
    return {
        TEXT_GRAPH: _write_text(config, OnnxGraph("text", weights, file=file)),
        PROSODY_GRAPH: _write_prosody(config, OnnxGraph("prosody", weights, file=file)),
        MEL_GRAPH: _write_mel(config, OnnxGraph("mel", weights, file=file)),
    }


def _write_text(config: FlowVoiceConfig, graph: OnnxGraph) -> bytes:
    """Write ``ids`` (1, P), ``speaker`` (1, E) to ``pieces`` (1, P, H), ``log_durations`` (1, P), ``dropped`` (H)."""
    ids = graph.input("ids", (1, "pieces"), element="int64")
    speaker = layers.dense(graph, graph.input("speaker", (1, config.speaker_dim)), "speaker")
    identity = graph.op("Unsqueeze", layers.dense(graph, speaker, "speaker_to_text"), graph.integers(1))
    hidden = graph.op("Add", layers.embedding(graph, ids, "text_embedding"), identity)
    angles = layers.rotary_angles(graph, hidden, config.text_dim // config.text_heads)
    for place in range(config.text_layers):
        hidden = layers.convnext_block(graph, hidden, f"text_blocks.{place}")
        if place == config.text_layers // 2:
            heads = config.text_heads
            hidden = layers.rotary_attention(graph, hidden, "text_attention", heads=heads, angles=angles)
    pieces = layers.layer_norm(graph, hidden, "text_norm")
    timed = pieces
    for place in range(2):
        timed = layers.convnext_block(graph, timed, f"duration_blocks.{place}")
    timed = layers.linear(graph, layers.layer_norm(graph, timed, "duration_norm"), "log_duration")
    graph.output("pieces", pieces, (1, "pieces", config.text_dim))
    graph.output("log_durations", graph.op("Squeeze", timed, graph.integers(2)), (1, "pieces"))
    graph.output("withheld", graph.weight("withheld_text"), (config.text_dim,))
    return graph.serialise()


def _write_prosody(config: FlowVoiceConfig, graph: OnnxGraph) -> bytes:
    """Write ``noisy`` (1, P, 3), ``time`` (1), ``pieces`` (1, P, H), ``speaker`` (1, E) to ``velocity`` (1, P, 3)."""
    noisy = graph.input("noisy", (1, "pieces", PROSODY))
    time = graph.input("time", (1,))
    pieces = graph.input("pieces", (1, "pieces", config.text_dim))
    speaker = layers.dense(graph, graph.input("speaker", (1, config.speaker_dim)), "speaker")
    identity = layers.dense(graph, speaker, "prosody_speaker")
    condition = layers.silu(graph, graph.op("Add", _time(graph, time, "prosody_time"), identity))
    hidden = layers.linear(graph, graph.op("Concat", noisy, pieces, axis=-1), "prosody_input")
    for place in range(config.prosody_layers):
        hidden = layers.convnext_block(graph, hidden, f"prosody_blocks.{place}", condition)
    velocity = layers.linear(graph, layers.layer_norm(graph, hidden, "prosody_norm"), "prosody_output")
    graph.output("velocity", velocity, (1, "pieces", PROSODY))
    return graph.serialise()


def _write_mel(config: FlowVoiceConfig, graph: OnnxGraph) -> bytes:
    """Write the inputs below, and ``speaker`` (1, E) and ``noise`` (1, 1), to ``velocity`` (K, M, X)."""
    width = config.acoustics.mel.bins * config.stacked_frames
    noisy = graph.input("noisy", ("drawings", "steps", width))
    time = graph.input("time", (1,))
    text = graph.input("told", ("drawings", "steps", config.text_dim + WITHIN))
    prosody = graph.input("prosody", ("drawings", "steps", PROSODY))
    speaker = layers.dense(graph, graph.input("speaker", (1, config.speaker_dim)), "speaker")
    noise = layers.dense(graph, graph.input("noise", (1, 1)), "noise_condition")
    known = graph.op("Add", layers.dense(graph, speaker, "speaker_condition"), noise)
    condition = layers.silu(graph, graph.op("Add", _time(graph, time, "time"), known))
    hidden = layers.linear(graph, graph.op("Concat", noisy, text, axis=-1), "input")
    hidden = graph.op("Add", hidden, layers.linear(graph, prosody, "prosody_condition"))
    angles = layers.rotary_angles(graph, hidden, config.model_dim // config.heads)
    for place in range(config.layers):
        hidden = layers.convnext_block(graph, hidden, f"blocks.{place}", condition)
        if place % 2:
            name = f"attentions.{place // 2}"
            hidden = layers.rotary_attention(
                graph, hidden, name, heads=config.heads, angles=angles, condition=condition
            )
    velocity = layers.linear(graph, layers.layer_norm(graph, hidden, "norm"), "output")
    graph.output("velocity", velocity, ("drawings", "steps", width))
    return graph.serialise()


def _time(graph: OnnxGraph, time: str, name: str) -> str:
    waves = graph.constant(angular_frequencies().numpy().astype(np.float32))
    scaled = graph.op("Mul", graph.op("Unsqueeze", time, graph.integers(1)), graph.number(TIME_SCALE))
    angles = graph.op("Mul", scaled, waves)
    both = graph.op("Concat", graph.op("Sin", angles), graph.op("Cos", angles), axis=-1)
    return layers.dense(graph, layers.silu(graph, layers.dense(graph, both, f"{name}.expand")), f"{name}.mix")
