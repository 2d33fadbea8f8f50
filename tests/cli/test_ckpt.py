"""``amhctl ckpt``: verdicts as exit codes, findings as JSON."""

import json
from pathlib import Path

import pytest
from support.official import official_files
from support.voices import tiny_voice_folder
from typer.testing import CliRunner

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.cli.main import build_app

RUNNER = CliRunner()


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tiny_voice_folder(tmp_path)


def test_a_sound_checkpoint_ends_with_zero(voice: Path) -> None:
    result = RUNNER.invoke(build_app(), ["ckpt", "validate", str(voice), "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["command"], document["ok"]) == ("ckpt validate", True)
    assert document["manifest"]["name"] == "tiny"


def test_a_tampered_checkpoint_ends_with_one_and_a_finding(voice: Path) -> None:
    with (voice / WEIGHTS_FILE).open("ab") as stream:
        stream.write(b"x")
    result = RUNNER.invoke(build_app(), ["ckpt", "validate", str(voice), "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert "C002" in {finding["code"] for finding in document["findings"]}
    assert "C002" in RUNNER.invoke(build_app(), ["ckpt", "validate", str(voice)]).output


def test_what_is_no_checkpoint_ends_with_three(tmp_path: Path) -> None:
    result = RUNNER.invoke(build_app(), ["ckpt", "validate", str(tmp_path / "absent"), "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 3
    assert document["error"]["type"] == "CheckpointError"
    assert document["error"]["where"].endswith("absent")


def test_show_and_diff_write_their_keys(voice: Path) -> None:
    shown = RUNNER.invoke(build_app(), ["ckpt", "show", str(voice), "--json"])
    assert json.loads(shown.stdout)["manifest"]["name"] == "tiny"
    same = RUNNER.invoke(build_app(), ["ckpt", "diff", str(voice), str(voice), "--json"])
    assert (same.exit_code, json.loads(same.stdout)["differences"]) == (0, [])
    assert "no differences" in RUNNER.invoke(build_app(), ["ckpt", "diff", str(voice), str(voice)]).stdout


def test_export_writes_a_voice_to_hand_on(voice: Path, tmp_path: Path) -> None:
    words = ["ckpt", "export", str(voice), "-o", str(tmp_path / "out"), "--name", "mine", "--json"]
    result = RUNNER.invoke(build_app(), words)
    assert (result.exit_code, json.loads(result.stdout)["manifest"]["name"]) == (0, "mine")
    assert RUNNER.invoke(build_app(), words).exit_code == 3


def test_average_writes_the_mean_of_voices(voice: Path, tmp_path: Path) -> None:
    words = ["ckpt", "average", str(voice), str(voice), "-o", str(tmp_path / "out"), "--name", "soup", "--json"]
    result = RUNNER.invoke(build_app(), words)
    document = json.loads(result.stdout)
    assert (result.exit_code, document["manifest"]["name"], document["distances"]) == (0, "soup", [0.0, 0.0])
    told = RUNNER.invoke(build_app(), [*words[:-1], "--force"])
    assert "soup, the average of 2 voices" in told.stdout
    assert RUNNER.invoke(build_app(), ["ckpt", "average", str(voice), "-o", str(tmp_path / "other")]).exit_code != 0


def test_a_signed_voice_is_validated_by_its_signature_and_root(voice: Path) -> None:
    signed = json.loads(RUNNER.invoke(build_app(), ["ckpt", "sign", str(voice), "--json"]).stdout)
    assert signed["signature"] == str(voice / "signature.json")
    words = ["ckpt", "validate", str(voice), "--json"]
    assert "signature" in json.loads(RUNNER.invoke(build_app(), words).stdout)["checked"]
    assert RUNNER.invoke(build_app(), [*words, "--root", signed["root"]]).exit_code == 0
    assert RUNNER.invoke(build_app(), [*words, "--root", "0" * 64]).exit_code == 1
    assert RUNNER.invoke(build_app(), [*words, "--signature", str(voice / "manifest.json")]).exit_code == 1
    assert RUNNER.invoke(build_app(), ["ckpt", "sign", str(voice)]).exit_code == 3
    assert signed["root"] in RUNNER.invoke(build_app(), ["ckpt", "sign", str(voice), "--force"]).stdout


def test_a_card_is_written(voice: Path, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    words = ["ckpt", "card", str(voice), "-o", str(card), "--licence", "MIT", "--base-model", "a/b", "--json"]
    document = json.loads(RUNNER.invoke(build_app(), words).stdout)
    assert (document["ok"], document["card"]) == (True, str(card))
    assert "evaluation" in document["left_out"]
    assert "base_model: a/b" in card.read_text(encoding="utf-8") or '"a/b"' in card.read_text(encoding="utf-8")
    assert RUNNER.invoke(build_app(), [*words, "--force", "--licence", "---"]).exit_code == 2


def test_pruning_tells_what_it_did_and_refuses_what_is_no_run(voice: Path, tmp_path: Path) -> None:
    assert RUNNER.invoke(build_app(), ["ckpt", "prune", str(voice)]).exit_code == 3
    assert RUNNER.invoke(build_app(), ["ckpt", "prune", str(voice), "--keep", "0"]).exit_code == 2
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    words = ["ckpt", "prune", str(tmp_path / "run"), "--keep", "3", "--every", "100", "--dry-run"]
    assert json.loads(RUNNER.invoke(build_app(), [*words, "--json"]).stdout)["removed"] == []
    assert "0 of 0 would go" in RUNNER.invoke(build_app(), words).stdout


def test_import_and_export_of_the_official_files(tmp_path: Path) -> None:
    files = official_files(tmp_path / "published")
    words = ["ckpt", "import", "--format", "indextts2", str(files.weights), "--config", str(files.config)]
    words += ["--bpe", str(files.bpe), "-o", str(tmp_path / "base"), "--name", "index"]
    told = RUNNER.invoke(build_app(), words)
    assert told.exit_code == 0
    assert "bilibili Model Use License Agreement" in told.stdout
    assert "bilibili Model Use License Agreement" in told.stderr
    document = json.loads(RUNNER.invoke(build_app(), [*words, "--force", "--json"]).stdout)
    assert (document["manifest"]["name"], document["tensors"]) == ("index", len(files.tensors))
    assert {finding["code"] for finding in document["findings"]} == {"C032", "C033"}
    words = ["ckpt", "export", str(tmp_path / "base"), "--format", "indextts2", "-o", str(tmp_path / "out"), "--json"]
    document = json.loads(RUNNER.invoke(build_app(), words).stdout)
    assert document["bytes"] == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert {finding["code"] for finding in document["findings"]} == {"C035"}


def test_import_wants_all_three_files(tmp_path: Path) -> None:
    result = RUNNER.invoke(build_app(), ["ckpt", "import", str(tmp_path / "gpt.pth"), "-o", str(tmp_path / "base")])
    assert result.exit_code == 2
    words = ["ckpt", "import", "gpt.pth", "--config", "c.yaml", "--bpe", "b.model", "--format", "xtts", "-o", "base"]
    assert RUNNER.invoke(build_app(), words).exit_code == 2
