"""Twin of ``workflows/text/normalize.py``."""

from pathlib import Path
from typing import Any, cast

import pytest

from amhctl.core.errors import TextError
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.workflows.text.normalize import NormalizeTextRequest, run


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_one_line_in_one_line_out() -> None:
    text = "3 ሰዎች\n\n  \nሰላም 2\n"
    report = run(NormalizeTextRequest(lines_of(text)), SilentProgress())
    assert list(report.lines()) == ["ሦስት ሰዎች", "", "", "ሰላም ሁለት"]
    assert report.ok
    assert report.findings == ()


def test_the_trace_of_a_line_stands_behind_it() -> None:
    report = run(NormalizeTextRequest(["3\n", "ሰላም 2\n"], trace=True), SilentProgress())
    assert list(report.lines()) == [
        "ሦስት", "number\t0-1\t'3' -> 'ሦስት'", "ሰላም ሁለት", "number\t6-7\t'2' -> 'ሁለት'",
    ]  # fmt: skip


def test_one_object_has_the_whole_text_and_spans_in_it() -> None:
    text = "3 ሰዎች\n---\n  \nሰላም 2 好"
    report = run(NormalizeTextRequest(lines_of(text)), SilentProgress())
    payload = report.payload()
    assert (payload["text"], payload["spoken"]) == (text, "ሦስት ሰዎች\n\n\nሰላም ሁለት")
    assert payload["state"] == Frontend().state_hash
    trace = cast("list[dict[str, Any]]", payload["trace"])
    assert {entry["rule"] for entry in trace} >= {"number", "dropped"}
    assert all(text[entry["start"] : entry["end"]] == entry["before"] for entry in trace if entry["rule"] == "number")
    assert [finding.code for finding in report.findings] == ["T001", "T002"]


def test_options_come_from_the_project_and_the_sets(tmp_path: Path) -> None:
    (tmp_path / "amhctl.toml").write_text('[text]\nhundred = "አንድ መቶ"\n', encoding="utf-8")
    request = NormalizeTextRequest(["ሠ 100"], project=tmp_path, sets=("text.fold_homophones=true",))
    assert list(run(request, SilentProgress()).lines()) == ["ሰ አንድ መቶ"]


@pytest.mark.parametrize(("text", "subject"), [("!!", "'!!'"), ("", "''"), ("\n \n", "''")])
def test_what_cannot_be_spoken_is_refused(text: str, subject: str) -> None:
    with pytest.raises(TextError, match="nothing speakable") as caught:
        run(NormalizeTextRequest(lines_of(text)), SilentProgress()).payload()
    assert caught.value.subject == subject
