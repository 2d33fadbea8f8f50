"""Twin of ``cli/eval.py``."""

import json
from pathlib import Path

import pytest
import typer
from support.speechlike import vowel_train
from support.voices import TEXTS, tiny_voice_folder
from typer.testing import CliRunner

from amhctl.audio import files
from amhctl.cli import eval as eval_command
from amhctl.corpus.records import Record, write_records
from amhctl.inference import code_voice as voice_module

app = typer.Typer()
app.command("eval")(eval_command.command)


def test_the_gate_closes_with_exit_code_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())
    voice = tiny_voice_folder(tmp_path)
    files.write(tmp_path / "a.wav", vowel_train(seconds=4.6))
    write_records(tmp_path / "set.jsonl", [Record(id="a", audio="a.wav", text=TEXTS[0])])
    report = tmp_path / "report.html"
    arguments = [str(voice), "--set", str(tmp_path / "set.jsonl"), "--report", str(report), "--device", "cpu", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--fail-under", "mcd=0.5"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["ok"] is False
    assert set(document["metrics"]["mcd"]) >= {"value", "ci95", "n"}
    assert report.is_file()
    assert CliRunner().invoke(app, [*arguments, "--fail-under", "beauty=1"]).exit_code == 2
    assert CliRunner().invoke(app, [*arguments, "--fail-worse"]).exit_code == 2
    assert CliRunner().invoke(app, [str(voice)]).exit_code == 2
