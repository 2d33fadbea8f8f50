"""A network written down as an ONNX graph, whose weights stay in the safetensors file that holds them already.

A graph is nodes and small constants. A weight is a reference to its bytes in ``model.safetensors`` beside the graph
("external data" of the ONNX format), and is cast to single precision where a runtime loads it: graphs and PyTorch then
speak from one set of weights, and a graph is some hundred kilobytes. Written on the wire (``core/wire.py``), since the
package ``onnx`` needs a newer protobuf than the codec packages allow.

Source: ONNX IR specification, and the numbers of fields in ``onnx.proto``. Operators are those of opset 20.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from amhctl import __version__
from amhctl.core import wire
from amhctl.core.documents import parse_json
from amhctl.core.errors import CheckpointError

OPSET = 20
_IR_VERSION = 9
_FLOAT, _INT8, _INT64, _HALF = 1, 3, 7, 10
_ELEMENTS = {"float": _FLOAT, "int64": _INT64}
_STORED = {"F32": _FLOAT, "F16": _HALF, "I8": _INT8}
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7

Attribute = float | int | Sequence[int]
Dimension = int | str
"""A length, or the name of one that a caller chooses."""


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """Where the bytes of a tensor are in a file.

    Attributes
    ----------
    shape : tuple[int, ...]
        Its shape.
    element : int
        Type of its numbers, as ONNX counts types.
    offset, length : int
        First byte and number of bytes.
    """

    shape: tuple[int, ...]
    element: int
    offset: int
    length: int


def locate_weights(path: Path) -> dict[str, StoredWeight]:
    """Return where each tensor of a safetensors file lies.

    The format: eight bytes that say how long the header is, the header in JSON, and the tensors, whose places are
    counted from its end.

    Raises
    ------
    CheckpointError
        If a tensor is made of other numbers than half or single precision or bytes.
    """
    with path.open("rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8))
        header = cast("dict[str, Any]", parse_json(stream.read(size)))
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _STORED:
            raise CheckpointError(
                f"{name} is stored as {entry['dtype']}; graphs support F16, F32 and I8", subject=str(path)
            )
        begin, end = entry["data_offsets"]
        found[name] = StoredWeight(tuple(entry["shape"]), _STORED[entry["dtype"]], 8 + size + begin, end - begin)
    return found


class OnnxGraph:
    """A graph that is being written, node after node; values are known by their names.

    Parameters
    ----------
    name : str
        Its name.
    weights : Mapping[str, StoredWeight]
        The weights it may use, from ``locate_weights``.
    file : str
        Name of their file, in the folder of the graph.
    """

    def __init__(self, name: str, weights: Mapping[str, StoredWeight], *, file: str) -> None:
        self._name = name
        self._weights = weights
        self._file = file
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._cast: dict[str, str] = {}
        self._count = 0

    def input(self, name: str, shape: Sequence[Dimension], *, element: str = "float") -> str:
        """Declare what a caller gives."""
        self._inputs.append(_value(name, shape, _ELEMENTS[element]))
        return name

    def output(self, name: str, value: str, shape: Sequence[Dimension], *, element: str = "float") -> None:
        """Declare what a caller gets."""
        self._node("Identity", [value], [name], {})
        self._outputs.append(_value(name, shape, _ELEMENTS[element]))

    def op(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Return the value of an operator with one output; an empty input is one that is left out."""
        return self.split(operator, *inputs, outputs=1, **attributes)[0]

    def split(self, operator: str, *inputs: str, outputs: int, **attributes: Attribute) -> list[str]:
        """Return the values of an operator with several outputs."""
        named = [self._new(operator.lower()) for _ in range(outputs)]
        self._node(operator, inputs, named, attributes)
        return named

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Return the value of a small constant; equal ones are written once."""
        element = _INT64 if values.dtype == np.int64 else _FLOAT
        data = b"".join(wire.number(1, size) for size in values.shape) + wire.number(2, element)
        data += wire.delimited(9, values.tobytes())
        for name, known in self._constants.items():
            if known == data:
                return name
        name = f"constant_{len(self._constants)}"
        self._constants[name] = data
        return name

    def number(self, value: float) -> str:
        """Return the value of one number."""
        return self.constant(np.array(value, dtype=np.float32))

    def integers(self, *values: int) -> str:
        """Return the value of a list of whole numbers, as shapes and axes are given."""
        return self.constant(np.array(values, dtype=np.int64))

    def weight(self, name: str) -> str:
        """Return a weight in single precision; one that is stored in bytes is multiplied by its ``.scale``."""
        stored = self._weights[name]
        if stored.element == _FLOAT:
            self._cast.setdefault(name, name)
        elif name not in self._cast:
            self._cast[name] = single = f"{name}.single"
            if stored.element == _INT8:
                whole = f"{name}.whole"
                self._node("Cast", [name], [whole], {"to": _FLOAT})
                self._node("Mul", [whole, self.weight(f"{name}.scale")], [single], {})
            else:
                self._node("Cast", [name], [single], {"to": _FLOAT})
        return self._cast[name]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Return the shape of a weight."""
        return self._weights[name].shape

    def serialise(self) -> bytes:
        """Return the content of an ``.onnx`` file; the same graph gives the same bytes."""
        graph = b"".join(wire.delimited(1, node) for node in self._nodes) + wire.text(2, self._name)
        graph += b"".join(wire.delimited(5, data + wire.text(8, name)) for name, data in self._constants.items())
        graph += b"".join(wire.delimited(5, self._external(name)) for name in self._cast)
        graph += b"".join(wire.delimited(11, each) for each in self._inputs)
        graph += b"".join(wire.delimited(12, each) for each in self._outputs)
        model = wire.number(1, _IR_VERSION) + wire.text(2, "amhctl") + wire.text(3, __version__)
        return model + wire.delimited(7, graph) + wire.delimited(8, wire.text(1, "") + wire.number(2, OPSET))

    def _external(self, name: str) -> bytes:
        stored = self._weights[name]
        place = {"location": self._file, "offset": str(stored.offset), "length": str(stored.length)}
        data = b"".join(wire.number(1, size) for size in stored.shape) + wire.number(2, stored.element)
        data += wire.text(8, name)
        for word, value in place.items():
            data += wire.delimited(13, wire.text(1, word) + wire.text(2, value))
        return data + wire.number(14, 1)

    def _node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Attribute]
    ) -> None:
        node = b"".join(wire.text(1, each) for each in inputs) + b"".join(wire.text(2, each) for each in outputs)
        node += wire.text(3, self._new("node")) + wire.text(4, operator)
        self._nodes.append(node + b"".join(wire.delimited(5, _attribute(*each)) for each in attributes.items()))

    def _new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        content, kind = wire.key(2, wire.FIXED32) + struct.pack("<f", value), _ATTRIBUTE_FLOAT
    elif isinstance(value, int):
        content, kind = wire.number(3, value), _ATTRIBUTE_INT
    else:
        content, kind = b"".join(wire.number(8, each) for each in value), _ATTRIBUTE_INTS
    return wire.text(1, name) + content + wire.number(20, kind)


def _value(name: str, shape: Sequence[Dimension], element: int) -> bytes:
    dimensions = b"".join(
        wire.delimited(1, wire.text(2, size) if isinstance(size, str) else wire.number(1, size)) for size in shape
    )
    tensor = wire.number(1, element) + wire.delimited(2, dimensions)
    return wire.text(1, name) + wire.delimited(2, wire.delimited(1, tensor))
