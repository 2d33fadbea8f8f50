"""``amhctl init``: a project folder, never over another."""

import json
from pathlib import Path

from typer.testing import CliRunner

from amhctl.cli.main import build_app


def test_a_project_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    first = CliRunner().invoke(build_app(), ["init", str(folder), "--json"])
    assert (first.exit_code, json.loads(first.stdout)["path"]) == (0, str(folder))
    assert (folder / "amhctl.toml").is_file()
    before = (folder / "amhctl.toml").read_bytes()
    assert CliRunner().invoke(build_app(), ["init", str(folder)]).exit_code == 3
    assert (folder / "amhctl.toml").read_bytes() == before
    assert CliRunner().invoke(build_app(), ["init", str(folder), "--force"]).exit_code == 0
