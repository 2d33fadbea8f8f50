"""Twin of ``cli/leaderboard.py``."""

import json
from pathlib import Path

import typer
from support.evaluations import write_evaluation
from typer.testing import CliRunner

from amhctl.cli import leaderboard

app = typer.Typer()
app.command("leaderboard")(leaderboard.command)


def test_reports_become_a_page(tmp_path: Path) -> None:
    words = [str(write_evaluation(tmp_path, name)) for name in ("one", "two")]
    result = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "page.html"), "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["boards"][0]["voices"]) == (0, ["one", "two"])
    assert (tmp_path / "page.html").is_file()
    assert CliRunner().invoke(app, words).exit_code == 2
    assert CliRunner().invoke(app, [*words, "-o", str(tmp_path / "x.html"), "--sort", "beauty"]).exit_code != 0
