import importlib
import sys
import types
from importlib.util import find_spec

import pytest

from amhctl.core.errors import MissingExtra
from amhctl.devices.absent_torchaudio import drop_modules, torchaudio_or_stand_in


class _Broken:
    """An import system in which torchaudio is found and cannot be loaded."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "torchaudio":
            raise OSError("libcudart.so: cannot open shared object file")


@pytest.fixture
def without_torchaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Broken(), *sys.meta_path])


@pytest.mark.usefixtures("without_torchaudio")
def test_a_torchaudio_that_cannot_be_loaded_is_stood_in_for_and_only_inside() -> None:
    with torchaudio_or_stand_in():
        stand_in = importlib.import_module("torchaudio")
        assert find_spec("torchaudio") is not None
        assert not hasattr(stand_in, "__file__")
        with pytest.raises(MissingExtra, match="torchaudio cannot be loaded") as caught:
            _ = stand_in.functional
        assert caught.value.subject == "torchaudio.functional"
    assert "torchaudio" not in sys.modules


@pytest.mark.usefixtures("without_torchaudio")
def test_an_error_inside_leaves_nothing_behind() -> None:
    with pytest.raises(KeyError), torchaudio_or_stand_in():
        raise KeyError
    assert "torchaudio" not in sys.modules


def test_the_real_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    real = types.ModuleType("torchaudio")
    monkeypatch.setitem(sys.modules, "torchaudio", real)
    with torchaudio_or_stand_in():
        assert importlib.import_module("torchaudio") is real
    assert sys.modules["torchaudio"] is real


def test_a_package_is_dropped_with_its_parts_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("alpha", "alpha.beta", "alphabet"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    drop_modules("alpha")
    assert [name in sys.modules for name in ("alpha", "alpha.beta", "alphabet")] == [False, False, True]
