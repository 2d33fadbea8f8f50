"""``amhctl codec``: list, show, and what train refuses."""

import json
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest
from support.reports import StandInReport
from typer.testing import CliRunner

from amhctl.cli.main import build_app
from amhctl.core.progress import Progress
from amhctl.workflows.codec import train as train_codec

RUNNER = CliRunner()


def test_the_bundled_codec_is_listed_and_shown() -> None:
    listed = json.loads(RUNNER.invoke(build_app(), ["codec", "list", "--json"]).stdout)["codecs"]
    assert "mel16k" in [codec["name"] for codec in listed]
    shown = json.loads(RUNNER.invoke(build_app(), ["codec", "show", "mel16k", "--json"]).stdout)
    assert shown["codecs"][0]["frame_rate"] == 25
    assert shown["licences"]


def test_a_codec_folder_is_shown_by_its_path(tmp_path: Path) -> None:
    folder = tiny_codec_folder(tmp_path, name="toy")
    result = RUNNER.invoke(build_app(), ["codec", "show", str(folder)])
    assert result.exit_code == 0
    assert "toy" in result.stdout


def test_a_codec_that_is_not_there_ends_with_three() -> None:
    result = RUNNER.invoke(build_app(), ["codec", "show", "mel17k", "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["type"] == "CodecError"


def test_training_on_a_manifest_without_a_split_ends_with_three(tmp_path: Path) -> None:
    output = tmp_path / "codec"
    manifest = tiny_manifest(tmp_path)
    bare = [{**json.loads(line), "split": ""} for line in manifest.read_text(encoding="utf-8").splitlines()]
    manifest.write_text("".join(f"{json.dumps(record)}\n" for record in bare), encoding="utf-8")
    words = ["codec", "train", str(manifest), "-o", str(output), "--preset", "tiny", "--json"]
    result = RUNNER.invoke(build_app(), words)
    assert result.exit_code == 3
    assert "split" in result.stdout
    assert not output.exists()


def test_the_options_of_train_reach_the_workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[train_codec.TrainCodecRequest] = []

    def run(request: train_codec.TrainCodecRequest, _: Progress) -> StandInReport:
        seen.append(request)
        return StandInReport(values={"steps": 2})

    monkeypatch.setattr(train_codec, "run", run)
    words = ["codec", "train", "a.jsonl", "b.jsonl", "-o", "out", "--name", "toy", "--preset", "tiny", "--config", "p"]
    words += ["--set", "codec_training.steps=2", "--set", "seed=1", "--seed", "5", "--resume", "--force", "--json"]
    words += ["--arch", "dac", "--base", "dac-24khz", "--device", "cpu"]
    result = RUNNER.invoke(build_app(), words)
    assert (result.exit_code, json.loads(result.stdout)["steps"]) == (0, 2)
    assert seen == [
        train_codec.TrainCodecRequest(
            manifests=(Path("a.jsonl"), Path("b.jsonl")),
            output=Path("out"),
            name="toy",
            arch="dac",
            base="dac-24khz",
            device="cpu",
            preset="tiny",
            project=Path("p"),
            sets=("codec_training.steps=2", "seed=1"),
            resume=True,
            force=True,
            seed=5,
        )
    ]
