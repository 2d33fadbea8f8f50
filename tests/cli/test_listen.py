"""Twin of ``cli/listen.py``."""

import json
from pathlib import Path

from support.listening import sound_folders
from typer.testing import CliRunner

from amhctl.cli.main import build_app

app = build_app("listen")


def test_a_test_is_made_of_folders(tmp_path: Path) -> None:
    sound_folders(tmp_path)
    words = ["listen", "new", str(tmp_path / "test"), "--kind", "ab", "--training", "1", "--json"]
    for name in ("one", "two"):
        words += ["--system", f"{name}={tmp_path / name}"]
    result = CliRunner().invoke(app, words)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["systems"]) == (0, True, ["one", "two"])
    assert (tmp_path / "test" / "page" / "index.html").is_file()
    assert CliRunner().invoke(app, [*words, "--loudness", "nan"]).exit_code == 2
    assert CliRunner().invoke(app, ["listen", "new", str(tmp_path / "x"), "--kind", "best"]).exit_code == 2
