"""The graph of a vocoder: what its network computes, of any number of frames."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.graphs import WEIGHTS, save_weights, waken_layer

from amhctl.codec.vocoder_graph import write_vocoder_graph
from amhctl.codec.vocoder_network import VocoderNetwork
from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.nn.onnx_session import OnnxSession


@pytest.mark.parametrize("frames", [1, 2, 11])
def test_the_graph_computes_what_the_network_computes(tmp_path: Path, frames: int) -> None:
    config = VocoderConfig(mel=MelConfig(window_samples=640, hop_samples=160, bins=8), width=12, blocks=2)
    network = VocoderNetwork(config)
    waken_layer(network)
    content = write_vocoder_graph(config, save_weights(tmp_path, network.state_dict()), WEIGHTS)
    (tmp_path / "vocoder.onnx").write_bytes(content)
    mel_1TF = torch.randn(1, frames, 8, generator=torch.Generator().manual_seed(0)) - 5.0
    (found,) = OnnxSession(tmp_path / "vocoder.onnx", threads=1).run({"mel": mel_1TF.numpy()})
    assert found.shape == (1, frames * 160)
    with torch.inference_mode():
        wanted = network(mel_1TF).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())
