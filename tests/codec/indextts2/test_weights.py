"""Files of other programs: read as tensors alone, put into networks strictly, and refused by names."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from amhctl.codec.indextts2.weights import Tensors, read_tensors
from amhctl.core.errors import CodecError


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(2, 3, 5)
        self.norm = nn.BatchNorm1d(3)

    def forward(self, signal: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.convolve(signal))
        return normed


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    network = Network().eval()
    nn.init.uniform_(network.norm.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return network


def _given(tensors: dict[str, Tensor]) -> Tensors:
    return Tensors(tensors, subject="part.pth", hint="take the right one")


@torch.inference_mode()
def test_a_network_is_filled_with_weights_of_both_forms(network: Network) -> None:
    signal, state = torch.randn(2, 2, 20), network.state_dict()
    wanted = network(signal)
    assert torch.equal(_given(state).fill(Network)(signal), wanted)
    normed = parametrizations.weight_norm(network.convolve).parametrizations.weight
    pair = {"convolve.weight_g": normed.original0.clone(), "convolve.weight_v": normed.original1.clone()}
    rest = {name: each for name, each in state.items() if name != "convolve.weight"}
    torch.testing.assert_close(_given(rest | pair).fill(Network)(signal), wanted)


def test_a_filled_network_learns_nothing_and_holds_its_weights_once(network: Network) -> None:
    state = network.state_dict()
    filled = _given(state).fill(Network)
    assert not filled.training
    assert not any(each.requires_grad for each in filled.parameters())
    assert filled.convolve.weight.data_ptr() == state["convolve.weight"].data_ptr()
    half = {name: each.half() if each.is_floating_point() else each for name, each in state.items()}
    assert _given(half).fill(Network).convolve.weight.dtype == torch.float32


def test_counters_may_be_absent_and_names_may_differ(network: Network) -> None:
    state = {f"a.{name}": each for name, each in network.state_dict().items() if "tracked" not in name}
    _given(state).fill(Network, published=lambda name: f"a.{name}")
    _given(state | {"b": torch.ones(1)}).fill(Network, published=lambda name: f"a.{name}", unused=("b",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"convolve.bias": None}, "convolve.bias is absent"),
        ({"more": torch.ones(1)}, "more is unknown"),
        ({"norm.weight": torch.ones(4)}, "norm.weight has shape (4,), not (3,)"),
        ({"norm.bias": torch.full((3,), float("inf"))}, "norm.bias has values that are not finite"),
        ({"norm.bias": torch.ones(3, dtype=torch.int64)}, "norm.bias has values that are not finite"),
        ({"convolve.weight": None, "convolve.weight_g": torch.ones(3, 1, 1)}, "convolve.weight_v is absent"),
        (
            {"convolve.weight": None, "convolve.weight_g": torch.ones(3), "convolve.weight_v": torch.ones(3, 2, 5)},
            "convolve.weight_g has shape (3,), not (3, 1, 1)",
        ),
        ({"convolve.weight_g": torch.ones(3, 1, 1)}, "convolve.weight_g is unknown"),
    ],
)
def test_every_fault_is_named(network: Network, change: dict[str, Tensor | None], words: str) -> None:
    merged = {**network.state_dict(), **change}
    with pytest.raises(CodecError) as caught:
        _given({name: each for name, each in merged.items() if each is not None}).fill(Network)
    assert words in caught.value.message
    assert (caught.value.subject, caught.value.hint) == ("part.pth", "take the right one")


def test_sizes_counts_and_parts() -> None:
    tensors = _given({"a.0.weight_v": torch.ones(4, 5), "a.2.bias": torch.ones(3), "b": torch.ones(1)})
    assert tensors.size("a.0.weight", 1) == 5
    assert (tensors.count(r"a\.(\d+)\..*"), tensors.count(r"c\.(\d+)")) == (3, 0)
    assert tensors.names("a.*") == ["a.0.weight_v", "a.2.bias"]
    assert tensors.part("a.").size("2.bias", 0) == 3
    assert tensors.part("a.").subject == "part.pth: a"
    tensors.require_groups(("a.", "b"))
    with pytest.raises(CodecError, match="b is unknown"):
        tensors.require_groups(("a.",))
    for name, axis, words in (("c.weight", 0, r"c\.weight is absent"), ("b", 1, r"b has shape \(1,\)")):
        with pytest.raises(CodecError, match=words):
            tensors.size(name, axis)


def test_sizes_that_no_network_has_are_refused() -> None:
    tensors = _given(
        {"a.weight": torch.ones(0, 5), "b.weight": torch.ones(70_000, 1), "layers.5000.bias": torch.ones(1)}
    )
    for name in ("a.weight", "b.weight"):
        with pytest.raises(CodecError, match=f"{name} has shape"):
            tensors.size(name, 0)
    with pytest.raises(CodecError, match="there are 5001"):
        tensors.count(r"layers\.(\d+)\.bias")
    with pytest.raises(CodecError, match="sizes are those of no network"):
        tensors.fill(lambda: nn.Conv1d(3, 4, 1, groups=2))


def test_files_of_both_kinds_and_their_containers(tmp_path: Path) -> None:
    ones = {"weight": torch.ones(2)}
    save_file(ones, tmp_path / "a.safetensors")
    assert read_tensors(tmp_path / "a.safetensors").names(".*") == ["weight"]
    torch.save({"net": {"cfm": {"module.estimator.weight": torch.ones(2)}, "step": 3}}, tmp_path / "a.pth")
    assert read_tensors(tmp_path / "a.pth", container="net").names(".*") == ["cfm.estimator.weight"]
    torch.save(ones, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    assert torch.equal(read_tensors(tmp_path / "old.bin")["weight"], ones["weight"])


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    faults = {"absent.safetensors": "not a readable safetensors file", "absent.pth": "not a readable tensor file"}
    for name in ("noise.safetensors", "noise.bin"):
        (tmp_path / name).write_bytes(b"noise" * 99)
        faults[name] = "not a readable"
    (tmp_path / "code.pth").write_bytes(pickle.dumps(print))
    faults["code.pth"] = "not a readable tensor file"
    torch.save({"step": 3}, tmp_path / "empty.pth")
    faults["empty.pth"] = "the file holds no tensors"
    torch.save({"a": torch.ones(1), "module.a": torch.ones(1)}, tmp_path / "twice.pth")
    faults["twice.pth"] = "several tensors of one name"
    loop: dict[str, object] = {}
    loop["again"] = loop
    torch.save(loop, tmp_path / "loop.pth")
    faults["loop.pth"] = "the file holds no tensors"
    for name, words in faults.items():
        with pytest.raises(CodecError, match=words) as caught:
            read_tensors(tmp_path / name)
        assert caught.value.subject == str(tmp_path / name)
