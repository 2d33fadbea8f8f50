"""``amhctl config show``: every value and where it comes from."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amhctl.cli.main import build_app


def test_every_value_names_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "amhctl.toml").write_text("[training]\nsteps = 7\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMHCTL_SEED", "3")
    words = ["config", "show", "--preset", "tiny", "--set", "training.patience=2", "--json"]
    result = CliRunner().invoke(build_app(), words)
    assert result.exit_code == 0
    values = json.loads(result.stdout)["values"]
    assert values["training.steps"]["value"] == 7
    assert values["training.steps"]["source"].endswith("amhctl.toml")
    assert values["seed"] == {"value": 3, "source": "AMHCTL_SEED"}
    assert values["training.patience"] == {"value": 2, "source": "--set"}
    assert values["model.layers"]["source"] == "preset tiny"


def test_a_wrong_key_ends_with_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(build_app(), ["config", "show", "--set", "training.stpes=3", "--json"])
    assert result.exit_code == 3
    assert "did you mean 'steps'" in json.loads(result.stdout)["error"]["message"]
