"""Twin of ``text/g2p/transphone_backend.py``."""

from pathlib import Path

import pytest

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p import transphone_backend
from amhctl.text.g2p.transphone_backend import TransphoneBackend


class Model:
    """What transphone's model answers."""

    def inference(self, word: str, lang_id: str) -> list[str]:
        assert lang_id == "amh"
        return ["tʃ", "ʔ", "g", "a", "ː"]


def test_without_its_model_it_is_absent_and_downloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    with pytest.raises(MissingExtra, match="not on this machine"):
        TransphoneBackend().phones("ሰላም")


def test_phones_come_out_in_our_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def read_g2p(device: str) -> Model:
            assert device == "cpu"
            return Model()

    monkeypatch.setattr(transphone_backend, "find_model", lambda: Path("model.pt"))
    monkeypatch.setattr(transphone_backend.importlib, "import_module", lambda _: Module)
    assert TransphoneBackend().phones("ቻጋ") == ("t͡ʃ", "ɡ", "a")


def test_a_broken_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("size mismatch")

    monkeypatch.setattr(transphone_backend, "find_model", lambda: Path("model.pt"))
    monkeypatch.setattr(transphone_backend.importlib, "import_module", fail)
    with pytest.raises(MissingExtra, match="size mismatch"):
        TransphoneBackend().phones("ሰላም")
