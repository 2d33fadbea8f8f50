"""What a machine needs to compile, and errors that are the compiler's."""

import shutil

import pytest
import torch

from amhctl.devices import compiler
from amhctl.devices.compiler import find_fault, find_missing, first_line, is_of_compiler

CPU = torch.device("cpu")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert find_missing(CPU) == "a C++ compiler (no-such-compiler; CXX selects another one)"
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert find_missing(CPU) == ""
    monkeypatch.setattr(compiler, "find_spec", lambda _: None)
    assert find_missing(torch.device("cuda")) == "the package triton"


def test_a_compiler_that_does_not_work_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("C++ compile error\nmuch more")

    monkeypatch.setattr(torch, "compile", broken)
    assert find_fault(CPU) == "C++ compile error"
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    assert find_fault(CPU) == ""


def test_errors_of_the_compiler_are_told_from_others() -> None:
    assert is_of_compiler(torch._dynamo.exc.TorchDynamoException("no such stride"))
    assert not is_of_compiler(RuntimeError("another fault"))
    assert first_line(RuntimeError("")) == "RuntimeError"
    assert len(first_line(RuntimeError("x" * 1000))) == 300
