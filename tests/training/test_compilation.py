"""Compiled blocks: the same losses and names as without, and errors at once where nothing can be compiled."""

import copy
from pathlib import Path

import pytest
import torch
from support.training_runs import build_run

from amhctl.core.errors import TrainingError
from amhctl.devices import compiler
from amhctl.devices.compiler import find_missing
from amhctl.nn.conformer import Conformer
from amhctl.nn.decoder import Decoder
from amhctl.nn.recompute import blocks_of
from amhctl.training.compilation import REFUSAL, compile_blocks
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.network_tensors import read_network

CPU = torch.device("cpu")
# Torch hides it while it compiles, unless warnings are errors.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")


def take_steps(folder: Path, *, steps: int, wanted: bool) -> tuple[Loop, list[float]]:
    loop = Loop(build_run(folder, dropout=0.2, compile=wanted), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    return loop, [loop.step(next(groups), batches)[0].total for _ in range(steps)]


def test_blocks_are_compiled_whole_and_once_for_all_and_nothing_else_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What dynamo makes of them, computed by torch as ever: the same to the bit."""
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    plain, wanted = take_steps(tmp_path / "plain", steps=2, wanted=False)
    assert not torch._dynamo.utils.counters["frames"]
    compiled, losses = take_steps(tmp_path / "compiled", steps=2, wanted=True)
    assert losses == wanted
    frames = torch._dynamo.utils.counters["frames"]
    assert 0 < frames["total"] == frames["ok"] <= 2 * len({type(block) for _, block in blocks_of(compiled.parts.model)})
    assert not torch._dynamo.utils.counters["graph_break"]
    for ours, theirs in (
        (compiled.parts.model, plain.parts.model),
        (compiled.parts.average.model, plain.parts.average.model),
    ):
        wanted_weights, weights = read_network(theirs).weights, read_network(ours).weights
        assert list(weights) == list(wanted_weights)
        assert all(torch.equal(tensor, wanted_weights[name]) for name, tensor in weights.items())


@pytest.mark.slow
@pytest.mark.skipif(bool(find_missing(CPU)), reason="no C++ compiler here")
def test_compiled_blocks_compute_the_same_dropout_included() -> None:
    torch._dynamo.reset()
    plain = Decoder(width=8, heads=1, layers=2, dropout=0.2)
    compiled = copy.deepcopy(plain)
    compile_blocks(compiled, CPU)
    found = []
    for decoder in (plain, compiled):
        torch.manual_seed(3)
        hidden_BPD = torch.randn(2, 5, 8, requires_grad=True)
        loss = decoder(hidden_BPD).pow(3).sum()
        loss.backward()
        found.append([loss.detach(), *(parameter.grad for parameter in decoder.parameters())])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_what_torch_cannot_compile_for_all_sizes_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    conformer = Conformer(features=8, width=16, heads=2, inner=16, blocks=2)
    compile_blocks(conformer, CPU)
    compiled = {name for name, module in conformer.named_modules() if module._compiled_call_impl is not None}
    assert compiled == {"encoders.0", "encoders.1"}
    assert {name for name, _ in blocks_of(conformer)} == {*compiled, "embed"}


def test_a_machine_without_a_compiler_is_told_so_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(TrainingError, match=r"cpu needs a C\+\+ compiler \(no-such-compiler; CXX selects") as caught:
        Loop(build_run(tmp_path, compile=True), connect_devices("cpu"))
    assert caught.value.subject == "training.compile"
    assert "--set training.compile=false" in caught.value.hint
    monkeypatch.setattr(compiler, "find_spec", lambda _: None)
    with pytest.raises(TrainingError, match="cuda needs the package triton, which is not installed"):
        REFUSAL.require_compiler(torch.device("cuda"))


def test_a_compiler_that_does_not_work_is_told_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("C++ compile error\nmuch more")

    monkeypatch.setattr(torch, "compile", broken)
    monkeypatch.setattr(compiler, "find_missing", lambda _: "")
    with pytest.raises(TrainingError, match=r"compiling for cpu does not work on this machine: C\+\+ compile error$"):
        REFUSAL.require_compiler(CPU)


def test_blocks_in_shards_are_refused() -> None:
    with pytest.raises(TrainingError, match="does not support sharding") as caught:
        compile_blocks(torch.nn.Linear(1, 1), CPU, sharded=True)
    assert "training.sharding=none" in caught.value.hint


def test_what_torch_cannot_compile_is_an_error_that_says_so() -> None:
    with pytest.raises(TrainingError, match="cannot compile this voice: no such stride") as caught, REFUSAL.explain():
        raise torch._dynamo.exc.TorchDynamoException("no such stride\nmore")
    assert (caught.value.subject, caught.value.hint) == (
        "training.compile",
        "train without it: --set training.compile=false",
    )
    with pytest.raises(RuntimeError, match="another fault"), REFUSAL.explain():
        raise RuntimeError("another fault")
