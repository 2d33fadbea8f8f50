"""Twin of ``cli/train.py``."""

import json
from pathlib import Path

import typer
from support.training_world import TINY_SETS, build_training_world
from typer.testing import CliRunner

from amhctl.cli import train

app = typer.Typer()
app.command("train")(train.command)


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def tiny(world: Path, *arguments: str) -> tuple[str, ...]:
    sets = [part for entry in TINY_SETS for part in ("--set", entry)]
    data = ("--data", str(world / "store"), "--vocab", str(world / "vocabulary.model"))
    return ("--preset", "tiny", "--device", "cpu", *data, *sets, *arguments)


def test_a_run_reports_steps_best_and_checkpoint(tmp_path: Path) -> None:
    build_training_world(tmp_path, aligned=True)
    run = tmp_path / "run"
    code, out, _ = invoke(*tiny(tmp_path, "-o", str(run), "--seed", "3", "--json"))
    report = json.loads(out)
    assert code == 0
    assert (report["command"], report["ok"], report["steps"]) == ("train", True, 8)
    assert report["checkpoint"] == str(run / "best")
    assert report["best"]["step"] in {4, 8}
    assert json.loads((run / "config.json").read_text())["config"]["seed"] == 3
    code, out, _ = invoke("--resume", str(run), "--set", "training.steps=9", "--device", "cpu", "--json")
    assert code == 0
    assert json.loads(out)["steps"] == 9


def test_a_dry_run_says_what_a_run_would_cost(tmp_path: Path) -> None:
    build_training_world(tmp_path, aligned=True)
    code, out, err = invoke(*tiny(tmp_path, "--dry-run"))
    assert code == 0
    assert "s per step" in out
    assert "training.steps = 8" in err


def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "amhctl.toml").touch()
    paths = ("--vocab", str(tmp_path / "v.model"), "-o", str(tmp_path / "run"), "--config", str(tmp_path))
    code, out, err = invoke(*paths)
    assert (code, out) == (3, "")
    assert "paths.data" in err
    assert "--data" in err


def test_no_durations_is_said_with_the_command_that_makes_them(tmp_path: Path) -> None:
    build_training_world(tmp_path, aligned=False)
    code, out, _ = invoke(*tiny(tmp_path, "-o", str(tmp_path / "run"), "--json"))
    error = json.loads(out)["error"]
    assert code == 3
    assert error["type"] == "DatasetError"
    assert "codes align" in error["hint"]
    assert not (tmp_path / "run").exists()
