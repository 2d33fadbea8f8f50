"""The graph of a recogniser: what its network computes with the weights as they are stored."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from support.graphs import WEIGHTS, save_weights
from support.recognisers import TINY_RECOGNISER, tiny_network
from torch import Tensor

from amhctl.config.recogniser import RecogniserConfig
from amhctl.nn.onnx_session import OnnxSession
from amhctl.recogniser.features import BANDS
from amhctl.recogniser.graph import GRAPH_FILE, write_graph
from amhctl.recogniser.network import fill_network
from amhctl.recogniser.quantised import quantise, restore


def _session(folder: Path, config: RecogniserConfig, stored: Mapping[str, Tensor]) -> OnnxSession:
    (folder / GRAPH_FILE).write_bytes(write_graph(config, save_weights(folder, stored), WEIGHTS))
    return OnnxSession(folder / GRAPH_FILE, threads=1)


@torch.inference_mode()
@pytest.mark.parametrize(
    "config", [TINY_RECOGNISER, RecogniserConfig(width=12, heads=3, blocks=2)], ids=["tiny", "deeper"]
)
def test_the_graph_computes_what_the_network_computes(tmp_path: Path, config: RecogniserConfig) -> None:
    network = tiny_network(config=config)
    stored = quantise(network.state_dict())
    fill_network(network, restore(stored), subject="")
    session = _session(tmp_path, config, stored)
    for frames in (1, 2, 3, 24, 201):
        features = torch.randn(1, frames, BANDS, generator=torch.Generator().manual_seed(frames))
        (found,) = session.run({"features": features.numpy()})
        wanted = network(features)[0].log_softmax(-1).numpy()
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, atol=1e-4)
        np.testing.assert_allclose(np.exp(found).sum(-1), 1.0, atol=1e-5)


@torch.inference_mode()
def test_bytes_and_single_precision_give_the_same(tmp_path: Path) -> None:
    stored = quantise(tiny_network().state_dict())
    (tmp_path / "bytes").mkdir()
    (tmp_path / "single").mkdir()
    features = {"features": np.random.default_rng(0).normal(size=(1, 50, BANDS)).astype(np.float32)}
    (one,) = _session(tmp_path / "bytes", TINY_RECOGNISER, stored).run(features)
    (other,) = _session(tmp_path / "single", TINY_RECOGNISER, restore(stored)).run(features)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_same_shape_gives_the_same_bytes_whatever_the_weights(tmp_path: Path) -> None:
    def write(config: RecogniserConfig, seed: int) -> bytes:
        stored = quantise(tiny_network(config=config, seed=seed).state_dict())
        return write_graph(config, save_weights(tmp_path, stored), WEIGHTS)

    assert write(TINY_RECOGNISER, 0) == write(TINY_RECOGNISER, 1)
    # Weights stay in their file: those of a network four times as wide leave the graph as small as it is.
    wide = TINY_RECOGNISER.model_copy(update={"width": 64})
    assert len(write(wide, 0)) < len(write(TINY_RECOGNISER, 0)) + 500
