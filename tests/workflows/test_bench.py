"""``bench`` measures what it is asked for, on generated recordings, and names the machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.training.variant_figures import Unmeasured, VariantFigures
from amhctl.training.variant_speed import VariantTiming
from amhctl.training.variants import VARIANTS
from amhctl.workflows import bench as benchmark
from amhctl.workflows.bench import BenchmarkRequest
from amhctl.workflows.bench_speaking import SPEAKING_VARIANTS, SpeakingFigures, SpeakingRequest


def test_training_is_told_as_a_table_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = VariantTiming(
        steps=4, frames=300, padded=400, seconds=2.0, processor=1.5, loss=3.0, total=3.5, trainable=7
    )
    figures = tuple(VariantFigures(variant, timing, 2**30) for variant in VARIANTS[:2])
    monkeypatch.setattr(benchmark, "time_variants", lambda request, scratch, progress: figures)
    request = BenchmarkRequest(only=("train",), plot=tmp_path / "speed.svg")
    report = benchmark.run(request, SilentProgress())
    assert report.payload()["training"] == [each.row() for each in figures]
    lines = list(report.lines())
    assert lines[-3].split()[0] == "variant"
    assert "before" not in lines[-3]
    tuned = VariantFigures(VARIANTS[0], replace(timing, before=(4.0, 4.5)), 2**30)
    more = replace(report, training=(tuned, Unmeasured(VARIANTS[1], "a compiler")))
    assert [line.split()[-1] for line in list(more.lines())[-3:]] == ["total", "4.5000", "missing"]
    assert more.payload()["training"] == [each.row() for each in more.training]
    assert [line.split()[0] for line in lines[-2:]] == ["huggingface", "baseline"]
    assert (tmp_path / "speed.svg").read_text(encoding="utf-8").count("200, 1.00 times") == 2
    with pytest.raises(FileExistsRefused):
        benchmark.run(request, SilentProgress())


def test_indextts2_is_measured_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    variant = SPEAKING_VARIANTS[0]
    found = (SpeakingFigures(variant, SpeakingRequest().trial(variant), missing="nothing"),)
    monkeypatch.setattr(benchmark, "time_speaking", lambda request, progress: found)
    report = benchmark.run(BenchmarkRequest(only=("indextts2",)), SilentProgress())
    assert report.payload()["indextts2"] == [found[0].row()]
    assert list(report.lines())[-1] == "fp32           not measured: nothing is missing"
    assert "indextts2" not in benchmark._USUAL
