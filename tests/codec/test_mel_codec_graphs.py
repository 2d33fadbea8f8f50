"""The graphs of a mel codec: the codes and the sound that its network computes."""

from pathlib import Path

import numpy as np
import pytest
from support.graphs import WEIGHTS, save_weights
from support.speechlike import vowel_train

from amhctl.codec.mel_codec_graphs import DECODE_GRAPH, ENCODE_GRAPH, write_codec_graphs
from amhctl.codec.registry import load_codec
from amhctl.nn.onnx_session import OnnxSession


@pytest.mark.parametrize("seconds", [0.04, 1.0])
def test_graphs_of_the_bundled_codec_compute_what_it_computes(tmp_path: Path, seconds: float) -> None:
    codec = load_codec("mel16k")
    network = codec._network  # type: ignore[attr-defined]
    stored = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    weights = save_weights(tmp_path, stored)
    for name, content in write_codec_graphs(network.config, weights, WEIGHTS).items():
        (tmp_path / name).write_bytes(content)
    samples = vowel_train(seconds=seconds).samples
    (codes_QS,) = codec.encode([samples])
    (found,) = OnnxSession(tmp_path / ENCODE_GRAPH, threads=1).run({"samples": samples[None]})
    assert found.shape == (1, *codes_QS.T.shape)
    # Where two codes are equally near, the last bit of a sum decides.
    assert (found[0] == codes_QS.T).mean() > 0.98
    wanted = codec.decode([codes_QS])[0]
    (made,) = OnnxSession(tmp_path / DECODE_GRAPH, threads=1).run({"codes": codes_QS.T[None].astype(np.int64)})
    assert made.shape == (1, wanted.size)
    np.testing.assert_allclose(made[0], wanted, atol=1e-3 * float(np.abs(wanted).max()))
