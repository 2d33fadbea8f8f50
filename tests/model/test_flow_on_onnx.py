"""A FlowVoice by its graphs: what PyTorch computes, without PyTorch."""

from pathlib import Path

import numpy as np
import pytest
from support.flow_voices import TINY_FLOW, random_text, tiny_flow
from support.graphs import WEIGHTS, save_weights

from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import CheckpointError
from amhctl.model.flow_files import MEL_GRAPH
from amhctl.model.flow_graphs import write_flow_graphs
from amhctl.model.flow_on_onnx import FlowOnOnnx
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.flow_sampling import Floats

DURATIONS = np.array([2, 4, 0, 5, 3, 3])


def write(folder: Path, config: FlowVoiceConfig) -> tuple[FlowOnTorch, FlowOnOnnx]:
    model = tiny_flow(config)
    weights = save_weights(folder, model.state_dict())
    for name, content in write_flow_graphs(config, weights, WEIGHTS).items():
        (folder / name).write_bytes(content)
    return FlowOnTorch(model), FlowOnOnnx(config, folder, weights=WEIGHTS, threads=1)


def noise(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("change", [{}, {"stacked_frames": 1}, {"text_layers": 3, "text_heads": 4, "heads": 2}])
def test_graphs_compute_what_the_network_computes(tmp_path: Path, change: dict[str, int]) -> None:
    config = TINY_FLOW.model_copy(update=change)
    one, other = write(tmp_path, config)
    text_BP, _, speakers_BE = random_text((6,))
    texts = [network.read(text_BP[0].numpy(), speakers_BE[0].numpy()) for network in (one, other)]
    np.testing.assert_allclose(texts[0].log_durations_P, texts[1].log_durations_P, atol=2e-4, rtol=1e-4)
    noisy_P3 = noise(6, 3)
    velocities = [each.prosody_velocity(noisy_P3, 0.4, text) for each, text in zip((one, other), texts, strict=True)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(*velocities, atol=2e-4, rtol=1e-4)  # type: ignore[call-overload]
    steps = -(-int(DURATIONS.sum()) // config.stacked_frames)
    noisy_MX = noise(steps, config.acoustics.mel.bins * config.stacked_frames, seed=1)
    found = []
    for network, text in zip((one, other), texts, strict=True):
        told = network.score(text, DURATIONS, -1.0, prosody_P2=noise(6, 2, seed=2), drop_text=False)  # type: ignore[attr-defined]
        plain = network.score(text, DURATIONS, -1.0, prosody_P2=None, drop_text=False)  # type: ignore[attr-defined]
        silent = network.score(text, DURATIONS, -1.0, prosody_P2=noise(6, 2, seed=2), drop_text=True)  # type: ignore[attr-defined]
        found.append([network.velocities(noisy_MX, 0.7, (score, silent)) for score in (told, plain)])  # type: ignore[attr-defined]
    np.testing.assert_allclose(found[0], found[1], atol=1e-3, rtol=1e-3)
    # What is told, and what is drop_text, is heard.
    assert not np.allclose(found[1][0][0], found[1][1][0], atol=1e-2)
    assert not np.allclose(found[1][0][0], found[1][0][1], atol=1e-2)


def test_scales_and_shape_are_those_of_the_network(tmp_path: Path) -> None:
    one, other = write(tmp_path, TINY_FLOW)
    assert other.config == one.config
    for name in ("mel_scale", "prosody_scale"):
        np.testing.assert_array_equal(getattr(one, name).mean, getattr(other, name).mean)
        np.testing.assert_array_equal(getattr(one, name).deviation, getattr(other, name).deviation)


def test_a_graph_that_is_gone_is_told(tmp_path: Path) -> None:
    write(tmp_path, TINY_FLOW)
    (tmp_path / MEL_GRAPH).unlink()
    with pytest.raises(CheckpointError, match="cannot load the graph"):
        FlowOnOnnx(TINY_FLOW, tmp_path, weights=WEIGHTS)
