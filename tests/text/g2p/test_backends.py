from pathlib import Path

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.errors import MissingExtra
from amhctl.text.frontend import Frontend
from amhctl.text.g2p import transphone_backend
from amhctl.text.g2p.backends import find_readers, require_backend


def test_the_backends_that_read_belong_to_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    here = TextConfig.model_validate({"backends": ["transphone", "rules"], "optional_backends": ["transphone"]})
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    without = Frontend(here)
    assert without.state()["readers"] == ["rules"]
    monkeypatch.setattr(transphone_backend, "find_model", lambda: Path("model.pt"))
    with_it = Frontend(here)
    assert with_it.state()["readers"] == ["transphone", "rules"]
    assert with_it.state_hash != without.state_hash
    # What a voice was not read by in training does not read for it later.
    assert Frontend.from_state(without.state()).phones("ሰላም").backend == "rules"
    assert [item.backend for item in Frontend.from_state(without.state()).phones("ሰላም").fallbacks] == ["transphone"]
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    with pytest.raises(MissingExtra, match="the phones would differ"):
        Frontend.from_state(with_it.state())


def test_a_backend_that_is_absent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    for options in (
        {"backends": ["transphone", "rules"]},
        {"backends": ["transphone"], "optional_backends": ["transphone"]},
    ):
        with pytest.raises(MissingExtra, match="not on this machine"):
            Frontend(TextConfig.model_validate(options))
    monkeypatch.setattr("amhctl.text.g2p.epitran_backend.importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="epitran is not installed"):
        Frontend()
    with pytest.raises(MissingExtra, match="epitran is not installed"):
        Frontend.from_state(Frontend(TextConfig(backends=("rules",))).state() | {"options": {}, "readers": ["epitran"]})


def test_ours_is_always_here_and_of_others_the_optional_ones_may_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    require_backend("rules")
    with pytest.raises(MissingExtra):
        require_backend("transphone")
    config = TextConfig.model_validate({"backends": ["transphone", "rules"], "optional_backends": ["transphone"]})
    readers, absent = find_readers(config)
    assert readers == ("rules",)
    assert [item.backend for item in absent] == ["transphone"]
