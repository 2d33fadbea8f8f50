"""``amhctl doctor``: this machine, as lines and as JSON."""

import json

from typer.testing import CliRunner

from amhctl.cli.main import build_app


def test_the_machine_is_described() -> None:
    result = CliRunner().invoke(build_app(), ["doctor", "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == (0 if document["ok"] else 1)
    assert any(name.startswith("torch") or "torch" in name for name in document["checks"])
    lines = CliRunner().invoke(build_app(), ["doctor"]).stdout
    assert all(name in lines for name in document["checks"])
