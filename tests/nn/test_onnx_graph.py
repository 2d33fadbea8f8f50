"""Graphs and their weights: where the weights lie, what is written once, what a runtime makes of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.graphs import WEIGHTS, load_graph, save_weights

from amhctl.core.errors import CheckpointError
from amhctl.nn.onnx_graph import OnnxGraph, locate_weights
from amhctl.nn.onnx_session import OnnxSession


def test_weights_are_found_where_they_lie(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b": torch.randn(5).half(), "c": torch.arange(-3, 3, dtype=torch.int8)}
    found = save_weights(tmp_path, tensors)
    content = (tmp_path / WEIGHTS).read_bytes()
    for name, kind in (("a", np.float32), ("b", np.float16), ("c", np.int8)):
        place = found[name]
        values = np.frombuffer(content[place.offset : place.offset + place.length], dtype=kind).reshape(place.shape)
        np.testing.assert_array_equal(values, tensors[name].numpy())


def test_numbers_that_no_graph_takes_are_refused(tmp_path: Path) -> None:
    save_file({"count": torch.zeros(2, dtype=torch.int32)}, tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match="count is stored as I32"):
        locate_weights(tmp_path / WEIGHTS)


@pytest.mark.parametrize("half", [False, True])
def test_a_weight_in_the_file_is_the_one_that_computes(tmp_path: Path, half: bool) -> None:
    stored = torch.randn(2, 3)
    stored = stored.half() if half else stored

    def write(graph: OnnxGraph) -> None:
        given = graph.input("given", ("rows", 3))
        # Asked for twice, it is cast once.
        assert graph.weight("w") == graph.weight("w")
        assert graph.shape_of("w") == (2, 3)
        added = graph.op("Add", given, graph.op("Slice", graph.weight("w"), graph.integers(0), graph.integers(1)))
        graph.output("sum", added, ("rows", 3))

    session = load_graph(tmp_path, {"w": stored}, write)
    given = np.ones((4, 3), dtype=np.float32)
    np.testing.assert_array_equal(session.run({"given": given})[0], given + stored[0].float().numpy())
    # The graph holds no weights: with other ones in the file it computes otherwise.
    content = bytearray((tmp_path / WEIGHTS).read_bytes())
    place = locate_weights(tmp_path / WEIGHTS)["w"]
    content[place.offset : place.offset + place.length] = bytes(place.length)
    (tmp_path / WEIGHTS).write_bytes(content)
    np.testing.assert_array_equal(OnnxSession(tmp_path / "test.onnx", threads=1).run({"given": given})[0], given)


@pytest.mark.parametrize("half", [False, True])
def test_a_weight_in_bytes_is_multiplied_by_its_scales(tmp_path: Path, half: bool) -> None:
    whole = torch.tensor([[-127, 0, 5], [127, 1, -128]], dtype=torch.int8)
    scale = torch.tensor([[0.5], [0.25]])
    scale = scale.half() if half else scale

    def write(graph: OnnxGraph) -> None:
        given = graph.input("given", ("rows", 2))
        # Asked for twice, it is multiplied once.
        assert graph.weight("w") == graph.weight("w")
        assert graph.shape_of("w") == (2, 3)
        graph.output("product", graph.op("MatMul", given, graph.weight("w")), ("rows", 3))

    session = load_graph(tmp_path, {"w": whole, "w.scale": scale}, write)
    given = np.array([[1, 0], [0, 1], [2, 2]], dtype=np.float32)
    (found,) = session.run({"given": given})
    np.testing.assert_array_equal(found, given @ (whole.float() * scale.float()).numpy())


def test_a_weight_in_bytes_needs_its_scales(tmp_path: Path) -> None:
    graph = OnnxGraph("test", save_weights(tmp_path, {"w": torch.ones(2, 2, dtype=torch.int8)}), file=WEIGHTS)
    with pytest.raises(KeyError, match=r"w\.scale"):
        graph.weight("w")


def test_the_same_graph_has_the_same_bytes_and_equal_constants_stand_once(tmp_path: Path) -> None:
    def content(twice: bool) -> bytes:
        graph = OnnxGraph("test", {}, file=WEIGHTS)
        given = graph.input("given", (2,))
        first = graph.constant(np.array([1.5, 2.5], dtype=np.float32))
        second = graph.constant(np.array([1.5, 2.5], dtype=np.float32)) if twice else first
        graph.output("out", graph.op("Add", graph.op("Mul", given, first), second), (2,))
        return graph.serialise()

    assert content(twice=True) == content(twice=False)


def test_a_number_is_a_scalar_and_operators_may_have_several_outputs(tmp_path: Path) -> None:
    def write(graph: OnnxGraph) -> None:
        given = graph.op("Mul", graph.input("given", (1, 4)), graph.number(-2.0))
        left, right = graph.split("Split", given, outputs=2, axis=-1, num_outputs=2)
        graph.output("leaky", graph.op("LeakyRelu", left, alpha=0.5), (1, 2))
        graph.output("right", right, (1, 2))

    leaky, right = load_graph(tmp_path, {"unused": torch.zeros(1)}, write).run(
        {"given": np.array([[1, -1, 2, 3]], dtype=np.float32)}
    )
    np.testing.assert_array_equal(leaky, [[-1.0, 2.0]])
    np.testing.assert_array_equal(right, [[-4.0, -6.0]])
