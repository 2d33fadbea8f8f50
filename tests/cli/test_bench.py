"""Twin of ``cli/bench.py``."""

import pytest
import typer
from typer.testing import CliRunner

from amhctl.cli import bench
from amhctl.evaluation.speed import describe_machine
from amhctl.workflows import bench as benchmark
from amhctl.workflows.bench_speaking import SpeakingRequest
from amhctl.workflows.bench_train import VariantsRequest

app = typer.Typer()
app.command("bench")(bench.command)


def test_unknown_sections_are_usage_errors() -> None:
    assert CliRunner().invoke(app, ["--only", "beauty"]).exit_code == 2
    assert CliRunner().invoke(app, ["beauty"]).exit_code == 2


def test_sections_may_stand_alone_and_options_of_train_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[benchmark.BenchmarkRequest] = []

    def run(request: benchmark.BenchmarkRequest, progress: object) -> benchmark.BenchmarkReport:
        asked.append(request)
        return benchmark.BenchmarkReport((), describe_machine())

    monkeypatch.setattr(benchmark, "run", run)
    words = ["train", "text", "--frames", "70", "--variant", "all", "--set", "training.steps=9", "--preset", "tiny"]
    words += ["--compare", "training"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert asked[0].only == ("text", "train")
    wanted = VariantsRequest(
        preset="tiny", sets=("training.steps=9",), frames=70, variants=("all",), compare="training"
    )
    assert asked[0].training == wanted
    for option in (
        ["--frames", "70"],
        ["--plot", "x.svg"],
        ["--variant", "all"],
        ["--data", "x"],
        ["--compare", "adapters"],
    ):
        assert CliRunner().invoke(app, ["text", *option]).exit_code == 2


def test_options_of_indextts2_want_it_and_a_variant_is_of_one_section(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[benchmark.BenchmarkRequest] = []

    def run(request: benchmark.BenchmarkRequest, progress: object) -> benchmark.BenchmarkReport:
        asked.append(request)
        return benchmark.BenchmarkReport((), describe_machine())

    monkeypatch.setattr(benchmark, "run", run)
    words = ["indextts2", "--speech", "1.5", "--steps", "2", "--layers", "3", "--variant", "bf16", "--sentences", "8"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert asked[0].only == ("indextts2",)
    assert asked[0].speaking == SpeakingRequest(speech=1.5, steps=2, sentences=8, layers=3, variants=("bf16",))
    assert CliRunner().invoke(app, []).exit_code == 0
    assert asked[1].speaking == SpeakingRequest()
    for option in (["--sentences", "2"], ["--speech", "2"], ["--steps", "2"], ["--layers", "2"], ["--variant", "bf16"]):
        assert CliRunner().invoke(app, ["text", *option]).exit_code == 2
    assert CliRunner().invoke(app, ["train", "indextts2", "--variant", "bf16"]).exit_code == 2
    assert len(asked) == 2
