"""Twin of ``cli/voices.py``."""

import json
from pathlib import Path

from support.voices import tiny_voice_folder
from typer.testing import CliRunner

from amhctl.cli.voices import app


def test_voices_are_listed_and_shown(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    listed = CliRunner().invoke(app, ["list", str(tmp_path), "--json"])
    assert listed.exit_code == 0
    assert "tiny" in [voice["name"] for voice in json.loads(listed.stdout)["voices"]]
    shown = CliRunner().invoke(app, ["show", str(folder)])
    assert shown.exit_code == 0
    assert "name: tiny" in shown.stdout
    assert CliRunner().invoke(app, ["show", str(tmp_path / "nobody")]).exit_code == 3
