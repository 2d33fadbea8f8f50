"""Loading graphs: the same result with any number of threads, and a clear error for what is none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.graphs import load_graph

from amhctl.core.errors import CheckpointError
from amhctl.nn.onnx_graph import OnnxGraph
from amhctl.nn.onnx_session import OnnxSession


def test_outputs_come_in_the_order_of_the_graph(tmp_path: Path) -> None:
    def write(graph: OnnxGraph) -> None:
        given = graph.input("given", ("rows", 2))
        graph.output("twice", graph.op("Add", given, given), ("rows", 2))
        graph.output("scaled", graph.op("Mul", given, graph.weight("w")), ("rows", 2))

    session = load_graph(tmp_path, {"w": torch.tensor([3.0, 4.0])}, write)
    twice, scaled = session.run({"given": np.array([[1.0, 2.0]], dtype=np.float32)})
    np.testing.assert_array_equal(twice, [[2.0, 4.0]])
    np.testing.assert_array_equal(scaled, [[3.0, 8.0]])


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mel.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot load the graph") as caught:
        OnnxSession(path)
    assert caught.value.subject == str(path)


def test_a_graph_whose_weights_are_gone_is_refused(tmp_path: Path) -> None:
    def write(graph: OnnxGraph) -> None:
        graph.output("out", graph.op("Add", graph.input("given", (2,)), graph.weight("w")), (2,))

    load_graph(tmp_path, {"w": torch.ones(2)}, write)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot load the graph"):
        OnnxSession(tmp_path / "test.onnx")
