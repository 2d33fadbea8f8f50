"""Twin of ``cli/bench.py``."""

import typer
from typer.testing import CliRunner

from amhctl.cli import bench

app = typer.Typer()
app.command("bench")(bench.command)


def test_unknown_sections_are_usage_errors() -> None:
    assert CliRunner().invoke(app, ["--only", "beauty"]).exit_code == 2
