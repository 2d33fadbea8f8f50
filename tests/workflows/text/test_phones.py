"""Twin of ``workflows/text/phones.py``."""

import pytest

from amhctl.core.errors import MissingExtra, TextError
from amhctl.core.progress import SilentProgress
from amhctl.text.g2p import transphone_backend
from amhctl.workflows.text.phones import PhonemizeTextRequest, run


def test_lines_of_phones() -> None:
    lines = ["ሰላም፣ 1\n", "\n", "ነው።"]
    report = run(PhonemizeTextRequest(lines), SilentProgress())
    assert list(report.lines()) == ["səlam ፣ and", "", "nəw ።"]
    assert report.ok
    report = run(PhonemizeTextRequest(lines), SilentProgress())
    assert report.payload() == {"phones": "səlam ፣ and\n\nnəw ።", "backend": "rules", "fallbacks": []}
    assert report.findings == ()


def test_a_line_without_phones_is_a_finding() -> None:
    report = run(PhonemizeTextRequest(["!!\n", "ሰላም"]), SilentProgress())
    assert report.payload()["phones"] == "\nsəlam"
    assert [finding.code for finding in report.findings] == ["T001"]


def test_a_configured_backend_that_is_absent_is_an_error_unless_it_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    chain = 'text.backends=["transphone", "rules"]'
    with pytest.raises(MissingExtra, match="not on this machine") as caught:
        run(PhonemizeTextRequest(["ሰላም"], sets=(chain,)), SilentProgress())
    assert "text.optional_backends" in caught.value.hint
    request = PhonemizeTextRequest(["ሰላም"], sets=(chain, 'text.optional_backends=["transphone"]'))
    payload = run(request, SilentProgress()).payload()
    assert payload["backend"] == "rules"
    reason = "transphone's model and inventory are not on this machine"
    assert payload["fallbacks"] == [{"backend": "transphone", "reason": reason}]


def test_a_named_backend_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend, "find_model", lambda: None)
    with pytest.raises(MissingExtra, match="transphone"):
        run(PhonemizeTextRequest(["ሰላም"], backend="transphone"), SilentProgress())
    report = run(PhonemizeTextRequest(["ትምህርት"], backend="epitran"), SilentProgress())
    assert list(report.lines()) == ["tɨmɨhɨrɨt"]


def test_a_blank_text_is_refused() -> None:
    with pytest.raises(TextError, match="nothing speakable"):
        list(run(PhonemizeTextRequest(["\n"]), SilentProgress()).lines())
