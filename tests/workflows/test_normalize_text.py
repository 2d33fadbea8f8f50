"""Twin of ``workflows/normalize_text.py``."""

from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.workflows.normalize_text import NormalizeTextRequest, run


def test_one_line_in_one_line_out() -> None:
    text = "3 ሰዎች\n\n  \nሰላም 2\n"
    report = run(NormalizeTextRequest(text, trace=True), SilentProgress())
    assert report.spoken == ("ሦስት ሰዎች", "", "", "ሰላም ሁለት")
    assert report.ok
    assert report.findings == ()
    assert report.state == Frontend().state_hash
    for entry in report.trace:
        assert text[entry.start : entry.end] == entry.before
    assert list(report.lines())[4:] == ["number\t0-1\t'3' -> 'ሦስት'", "number\t14-15\t'2' -> 'ሁለት'"]
    assert report.payload()["spoken"] == "ሦስት ሰዎች\n\n\nሰላም ሁለት"


def test_options_come_from_the_project_and_the_sets(tmp_path: Path) -> None:
    (tmp_path / "amhctl.toml").write_text('[text]\nhundred = "አንድ መቶ"\n', encoding="utf-8")
    report = run(NormalizeTextRequest("ሠ 100", project=tmp_path, sets=("text.fold_homophones=true",)), SilentProgress())
    assert report.spoken == ("ሰ አንድ መቶ",)


@pytest.mark.parametrize(("text", "subject"), [("ሰላም\n!!", "line 2"), ("", "''"), ("\n \n", "n")])
def test_what_cannot_be_spoken_is_refused(text: str, subject: str) -> None:
    with pytest.raises(TextError, match="nothing to speak") as caught:
        run(NormalizeTextRequest(text), SilentProgress())
    assert subject in caught.value.subject
