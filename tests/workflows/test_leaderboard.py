"""Twin of ``workflows/leaderboard.py``: from files to a page with players."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from support.evaluations import metric, write_evaluation
from support.pages import read_page

from amhctl.core.errors import EvaluationError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.leaderboard import LeaderboardReport, LeaderboardRequest, run


def board(*paths: Path, output: Path, **changes: object) -> LeaderboardReport:
    request = replace(LeaderboardRequest(tuple(paths), output), **changes)  # type: ignore[arg-type]
    return run(request, SilentProgress())


def test_voices_are_ranked_in_a_table_for_each_set_and_can_be_played(tmp_path: Path) -> None:
    folder = tmp_path / "evaluations"
    write_evaluation(folder, "one", clips=4)
    write_evaluation(folder, "two", clips=3, metrics={"text_match": metric(0.99)})
    write_evaluation(folder, "other", test_set="other.jsonl")
    (folder / "broken.json").write_text("{")
    output = tmp_path / "ገጽ #1.html"
    report = board(folder, output=output, samples=2)
    boards: Any = report.payload()["boards"]
    first, second = boards
    assert (first["test_set"], first["voices"]) == ("other.jsonl", ["other"])
    assert (second["test_set"], second["voices"], second["samples"]) == ("test.jsonl", ["two", "one"], 2)
    assert {finding.code for finding in report.findings} == {"E020", "E022"}
    page = read_page(output.read_text(encoding="utf-8"))
    # Two sentences: the recording, and two voices.
    assert len(page.sources) == 6
    assert all((tmp_path / unquote(source)).is_file() for source in page.sources)
    assert report.ok
    with pytest.raises(FileExistsRefused):
        board(folder, output=output)
    again = board(folder, output=output, force=True, sort="mcd", samples=0)
    assert again.payload()["boards"][1]["voices"] == ["one", "two"]  # type: ignore[index]
    assert read_page(output.read_text(encoding="utf-8")).sources == []


def test_the_same_weights_twice_are_named(tmp_path: Path) -> None:
    paths = [write_evaluation(tmp_path, name, weights="abc") for name in ("one", "two")]
    report = board(*paths, output=tmp_path / "page.html")
    assert [(finding.code, finding.subject) for finding in report.findings] == [("E023", str(paths[1]))]


@pytest.mark.parametrize("page", ["/nowhere/x.html", "..", "", "a\0b", "x" * 5_000, 7])
def test_a_page_that_is_not_there_has_no_players(tmp_path: Path, page: object) -> None:
    path = write_evaluation(tmp_path, "one", report=page, utterances=[{"id": "s0"}])
    assert board(path, output=tmp_path / "page.html").payload()["boards"][0]["samples"] == 0  # type: ignore[index]


def test_nothing_usable_and_unknown_metrics_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(EvaluationError, match="none of the files"):
        board(tmp_path / "broken.json", output=tmp_path / "page.html")
    with pytest.raises(EvaluationError, match="no such file"):
        board(tmp_path / "missing.json", output=tmp_path / "page.html")
    with pytest.raises(OptionError, match="beauty"):
        board(write_evaluation(tmp_path, "one"), output=tmp_path / "page.html", sort="beauty")
    assert not (tmp_path / "page.html").exists()
