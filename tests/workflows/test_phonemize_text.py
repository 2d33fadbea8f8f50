"""Twin of ``workflows/phonemize_text.py``."""

import pytest

from amhctl.core.errors import TextError
from amhctl.core.progress import SilentProgress
from amhctl.text.g2p import transphone_backend
from amhctl.workflows.phonemize_text import PhonemizeTextRequest, run


def test_lines_of_phones() -> None:
    report = run(PhonemizeTextRequest("ሰላም፣ 1\n\nነው።"), SilentProgress())
    assert report.phones == ("səlam ፣ and", "", "nəw ።")
    assert report.payload() == {"phones": "səlam ፣ and\n\nnəw ።", "backend": "rules", "fallbacks": []}
    assert list(report.lines()) == list(report.phones)
    assert report.ok
    assert report.findings == ()


def test_the_configured_chain_falls_back_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    report = run(PhonemizeTextRequest("ሰላም", sets=('text.backends=["transphone", "rules"]',)), SilentProgress())
    assert report.backend == "rules"
    assert [fallback.backend for fallback in report.fallbacks] == ["transphone"]


def test_a_named_backend_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    with pytest.raises(TextError, match="transphone"):
        run(PhonemizeTextRequest("ሰላም", backend="transphone"), SilentProgress())
    assert run(PhonemizeTextRequest("ትምህርት", backend="epitran"), SilentProgress()).phones == ("tɨmɨhɨrɨt",)


def test_a_blank_text_is_refused() -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        run(PhonemizeTextRequest("\n"), SilentProgress())
