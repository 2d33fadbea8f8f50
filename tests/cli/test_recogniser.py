"""``amhctl recogniser``: list, show, train and score, and what they refuse."""

import json
from pathlib import Path

import pytest
from support.manifests import tiny_manifest
from support.recognisers import tiny_recogniser_folder
from support.reports import StandInReport
from typer.testing import CliRunner

from amhctl.cli.main import build_app
from amhctl.core.progress import Progress
from amhctl.recogniser.catalog import bundled_recognisers
from amhctl.workflows.recogniser import score as score_recogniser
from amhctl.workflows.recogniser import train as train_recogniser

RUNNER = CliRunner()


def test_recognisers_are_listed_and_one_is_shown(tmp_path: Path) -> None:
    listed = json.loads(RUNNER.invoke(build_app(), ["recogniser", "list", "--json"]).stdout)["recognisers"]
    assert [each["name"] for each in listed] == list(bundled_recognisers())
    folder = tiny_recogniser_folder(tmp_path, name="toy")
    result = RUNNER.invoke(build_app(), ["recogniser", "show", str(folder), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["recognisers"][0]["name"]) == (0, "toy")
    assert "toy  am  phone error rate" in RUNNER.invoke(build_app(), ["recogniser", "show", str(folder)]).stdout


def test_a_recogniser_that_is_not_there_ends_with_three(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    for words in (["show", "no-such"], ["score", str(manifest), "--recogniser", "no-such"]):
        result = RUNNER.invoke(build_app(), ["recogniser", *words, "--json"])
        assert result.exit_code == 3
        assert json.loads(result.stdout)["error"]["type"] == "CheckpointError"


def test_training_on_a_manifest_without_a_split_ends_with_three(tmp_path: Path) -> None:
    output = tmp_path / "run"
    manifest = tiny_manifest(tmp_path)
    bare = [{**json.loads(line), "split": ""} for line in manifest.read_text(encoding="utf-8").splitlines()]
    manifest.write_text("".join(f"{json.dumps(record)}\n" for record in bare), encoding="utf-8")
    words = ["recogniser", "train", str(manifest), "-o", str(output), "--preset", "tiny", "--json"]
    result = RUNNER.invoke(build_app(), words)
    assert result.exit_code == 3
    assert "split" in result.stdout
    assert not output.exists()


def test_the_options_of_train_reach_the_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[train_recogniser.TrainRecogniserRequest] = []

    def run(request: train_recogniser.TrainRecogniserRequest, _: Progress) -> StandInReport:
        seen.append(request)
        return StandInReport(values={"steps": 2})

    monkeypatch.setattr(train_recogniser, "run", run)
    words = ["recogniser", "train", "a.jsonl", "b.jsonl", "-o", "out", "--name", "toy", "--preset", "tiny"]
    words += ["--config", "p", "--set", "recogniser_training.steps=2", "--set", "seed=1", "--seed", "5", "--resume"]
    words += ["--force", "--text", "a.txt", "--text", "b.txt.xz", "--base", "am-phones", "--device", "cpu", "--json"]
    result = RUNNER.invoke(build_app(), words)
    assert (result.exit_code, json.loads(result.stdout)["steps"]) == (0, 2)
    assert seen == [
        train_recogniser.TrainRecogniserRequest(
            manifests=(Path("a.jsonl"), Path("b.jsonl")),
            output=Path("out"),
            texts=(Path("a.txt"), Path("b.txt.xz")),
            base="am-phones",
            device="cpu",
            name="toy",
            preset="tiny",
            project=Path("p"),
            sets=("recogniser_training.steps=2", "seed=1"),
            resume=True,
            force=True,
            seed=5,
        )
    ]


def test_the_options_of_score_reach_the_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[score_recogniser.ScoreRecogniserRequest] = []

    def run(request: score_recogniser.ScoreRecogniserRequest, _: Progress) -> StandInReport:
        seen.append(request)
        return StandInReport(values={"clips": 2})

    monkeypatch.setattr(score_recogniser, "run", run)
    words = ["recogniser", "score", "a.jsonl", "--recogniser", "toy", "--split", "test", "--speaker", "s0"]
    result = RUNNER.invoke(build_app(), [*words, "--speaker", "s1", "--limit", "7", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["clips"]) == (0, 2)
    assert RUNNER.invoke(build_app(), ["recogniser", "score", "a.jsonl"]).exit_code == 0
    assert seen == [
        score_recogniser.ScoreRecogniserRequest(Path("a.jsonl"), "toy", "test", ("s0", "s1"), 7),
        score_recogniser.ScoreRecogniserRequest(Path("a.jsonl")),
    ]


@pytest.mark.parametrize("words", [["--split", "other"], ["--limit", "0"], ["--invented"]])
def test_options_that_cannot_be_are_refused(words: list[str]) -> None:
    assert RUNNER.invoke(build_app(), ["recogniser", "score", "a.jsonl", *words]).exit_code == 2
