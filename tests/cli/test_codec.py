"""``amhctl codec``: list, show, and what train refuses."""

import json
from pathlib import Path

from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest
from typer.testing import CliRunner

from amhctl.cli.main import app

RUNNER = CliRunner()


def test_the_bundled_codec_is_listed_and_shown() -> None:
    listed = json.loads(RUNNER.invoke(app, ["codec", "list", "--json"]).stdout)["codecs"]
    assert "mel16k" in [codec["name"] for codec in listed]
    shown = json.loads(RUNNER.invoke(app, ["codec", "show", "mel16k", "--json"]).stdout)
    assert shown["codecs"][0]["frame_rate"] == 25
    assert shown["licences"]


def test_a_codec_folder_is_shown_by_its_path(tmp_path: Path) -> None:
    folder = tiny_codec_folder(tmp_path, name="toy")
    result = RUNNER.invoke(app, ["codec", "show", str(folder)])
    assert result.exit_code == 0
    assert "toy" in result.stdout


def test_a_codec_that_is_not_there_ends_with_three() -> None:
    result = RUNNER.invoke(app, ["codec", "show", "mel17k", "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["type"] == "CodecError"


def test_training_on_a_manifest_without_a_split_ends_with_three(tmp_path: Path) -> None:
    output = tmp_path / "codec"
    manifest = tiny_manifest(tmp_path)
    bare = [{**json.loads(line), "split": ""} for line in manifest.read_text(encoding="utf-8").splitlines()]
    manifest.write_text("".join(f"{json.dumps(record)}\n" for record in bare), encoding="utf-8")
    words = ["codec", "train", str(manifest), "-o", str(output), "--preset", "tiny", "--json"]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 3
    assert "split" in result.stdout
    assert not output.exists()
